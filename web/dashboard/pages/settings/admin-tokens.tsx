import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "../../../../src/client/api-types.ts";
import { answerOf } from "../../../../src/client/client.ts";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { useChange } from "../../app/use-change.ts";
import { usePages } from "../../app/use-pages.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Section } from "../../ui/section.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { useForm } from "../../ui/use-form.ts";

type AdminToken = Schemas["AdminToken"];

/** Tokens that administer Keyward without a person: for the command line and for programs. */
export function AdminTokens() {
  const [isCreating, setIsCreating] = useState(false);
  const [revoked, setRevoked] = useState<AdminToken | null>(null);
  const tokens = usePages<AdminToken>(["admin-tokens", "list"], (cursor, signal) =>
    answerOf(api.GET("/api/v1/admin-tokens", { params: { query: cursor === null ? {} : { cursor } }, signal })),
  );
  const revoke = useChange({
    change: (id: string) => answerOf(api.DELETE("/api/v1/admin-tokens/{id}", { params: { path: { id } } })),
    refreshes: ["admin-tokens"],
    showsError: true,
    done: "The token is revoked.",
  });
  return (
    <Section
      title="Admin tokens"
      description="For the command line and for programs. Whoever holds one may do everything here."
      actions={
        <Button icon={Plus} onClick={() => setIsCreating(true)}>
          Create a token
        </Button>
      }
    >
      {tokens.isLoading ? <SkeletonRows rows={2} label="Loading admin tokens" /> : null}
      {tokens.error !== null && tokens.items.length === 0 ? (
        <ErrorState error={tokens.error} retry={tokens.retry} />
      ) : null}
      {!tokens.isLoading && tokens.error === null && tokens.items.length === 0 ? (
        <p className="text-soft">None. The command line needs one.</p>
      ) : null}
      {tokens.items.length === 0 ? null : (
        <ul aria-label="Admin tokens" className="rounded-md border border-line bg-surface">
          {tokens.items.map((token) => (
            <li
              key={token.id}
              className="flex items-center justify-between gap-3 border-b border-line py-2 pr-2 pl-4 last:border-b-0"
            >
              <span className="min-w-0">
                <bdi className="block truncate font-medium">{token.name}</bdi>
                <span className="text-sm text-soft">
                  created <RelativeTime at={token.created_at} />
                </span>
              </span>
              <IconButton icon={Trash2} label={`Revoke ${token.name}`} onClick={() => setRevoked(token)} />
            </li>
          ))}
        </ul>
      )}
      {tokens.hasMore ? (
        <Button variant="quiet" isBusy={tokens.isLoadingMore} onClick={tokens.loadMore} className="mt-2">
          Load more
        </Button>
      ) : null}
      <TokenDialog isOpen={isCreating} onClose={() => setIsCreating(false)} />
      <ConfirmDialog
        isOpen={revoked !== null}
        onClose={() => setRevoked(null)}
        title={
          <>
            Revoke the token <bdi>{revoked?.name}</bdi>?
          </>
        }
        action="Revoke"
        onConfirm={() => revoke.mutateAsync(revoked?.id ?? "")}
      >
        The next request with it is refused. Whatever uses it stops working. This cannot be undone.
      </ConfirmDialog>
    </Section>
  );
}

interface TokenDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function TokenDialog({ isOpen, onClose }: TokenDialogProps) {
  const [token, setToken] = useState<string | null>(null);
  function close(): void {
    setToken(null);
    onClose();
  }
  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      isSticky={token !== null}
      title={token === null ? "Create an admin token" : "The token is created"}
    >
      {token === null ? (
        <TokenForm onClose={close} onMade={setToken} />
      ) : (
        <ShownOnce
          secret={token}
          onClose={close}
          copyLabel="Copy the token"
          warning="Copy it now. Keyward keeps only a digest and cannot show it again."
        />
      )}
    </Dialog>
  );
}

function TokenForm({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: (token: string) => void }) {
  const create = useChange({
    change: (name: string) => answerOf(api.POST("/api/v1/admin-tokens", { body: { name } })),
    refreshes: ["admin-tokens"],
    showsError: true,
    onDone: ({ token }) => onMade(token),
  });
  const form = useForm({
    initial: { name: "" },
    check: ({ name }) => problemsOf({ name: nameProblem(name) }),
    send: ({ name }) => create.mutate(name.trim()),
  });
  return (
    <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
      {create.error === null ? null : <Notice tone="bad">{messageOf(create.error)}</Notice>}
      <Field label="Name" error={form.errors.name} hint="What it is for, such as “deployment pipeline”.">
        {(control) => <Input {...control} {...form.input("name")} maxLength={80} />}
      </Field>
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary" isBusy={create.isPending}>
          Create token
        </Button>
      </Actions>
    </form>
  );
}
