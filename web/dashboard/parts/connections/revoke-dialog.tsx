import { useMutation } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { later } from "../../app/admin-api.ts";
import type { Credential } from "../../app/admin-shapes.ts";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { connections, people } from "../../ui/impact-text.ts";
import { say } from "../../ui/toast-store.ts";
import { identityText } from "./connection-text.ts";
import { useForget } from "./use-connections.ts";

/** The most that one request may name. */
const BATCH = 500;

interface RevokeDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly chosen: readonly Pick<Credential, "id" | "identity" | "server">[];
  readonly onRevoked: () => void;
}

/** Asks, then revokes one connection or many. */
export function RevokeDialog({ isOpen, onClose, chosen, onRevoked }: RevokeDialogProps) {
  const forget = useForget();
  const revoke = useMutation({
    async mutationFn(ids: readonly string[]) {
      for (let start = 0; start < ids.length; start += BATCH) {
        const batch = ids.slice(start, start + BATCH);
        await answerOf(later.POST("/api/v1/credentials/revoke", { body: { ids: batch } }));
        // At once, batch by batch: should a later one fail, what is done is shown as done.
        forget(new Set(batch));
      }
    },
    onSuccess(_output, ids) {
      say(ids.length === 1 ? "The connection is revoked." : `${connections(ids.length)} are revoked.`);
      onRevoked();
    },
  });
  const [first] = chosen;
  if (first === undefined) return null;
  const owners = new Set(chosen.map(({ identity }) => `${identity.auth_mode} ${identity.id}`)).size;
  const isOne = chosen.length === 1;
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={isOne ? "Revoke this connection?" : `Revoke ${connections(chosen.length)}?`}
      action="Revoke"
      onConfirm={() => revoke.mutateAsync(chosen.map(({ id }) => id))}
    >
      {isOne ? (
        <p>
          The values that <bdi className="text-ink">{identityText(first.identity)}</bdi> stored for{" "}
          <span className="text-ink">{first.server.name}</span> are deleted at once and no longer sent. The next call
          asks for new ones.
        </p>
      ) : (
        <p>
          The values that {people(owners)} stored are deleted at once and no longer sent. Their next calls ask for new
          ones.
        </p>
      )}
      <p>This cannot be undone.</p>
    </ConfirmDialog>
  );
}
