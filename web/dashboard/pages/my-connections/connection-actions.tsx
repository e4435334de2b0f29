import type { UseMutationResult } from "@tanstack/react-query";
import { Ellipsis, FlaskConical, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { MyServer, TestResult } from "../../app/api-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { needsAttention } from "./needs-attention.ts";

interface ConnectionActionsProps {
  readonly server: MyServer;
  readonly test: UseMutationResult<TestResult, Error, void>;
}

export function ConnectionActions({ server, test }: ConnectionActionsProps) {
  const { connection, credential_id: id, name } = server;
  const form = useFormLink(server);
  const [isRevoking, setIsRevoking] = useState(false);
  if (connection === "not_needed") return null;

  // Until the page is left, or a second press would start it again.
  const isOpening = form.isPending || form.isSuccess;
  if (id === null || connection === "missing") {
    return (
      <Button variant="primary" isBusy={isOpening} onClick={() => form.mutate()} aria-label={`Connect ${name}`}>
        Connect
      </Button>
    );
  }

  const isUrgent = needsAttention(server);
  return (
    <div className="flex items-center gap-2">
      {isUrgent ? (
        <Button
          variant="primary"
          isBusy={isOpening}
          onClick={() => form.mutate()}
          aria-label={`Enter new values for ${name}`}
        >
          Enter new values
        </Button>
      ) : (
        <>
          <Button icon={FlaskConical} isBusy={test.isPending} onClick={() => test.mutate()} aria-label={`Test ${name}`}>
            Test
          </Button>
          <Button icon={Pencil} isBusy={isOpening} onClick={() => form.mutate()} aria-label={`Edit ${name}`}>
            Edit
          </Button>
        </>
      )}
      <Menu trigger={<IconButton icon={Ellipsis} label={`More for ${name}`} />}>
        {isUrgent && connection === "rejected" ? (
          <MenuItem icon={FlaskConical} onSelect={() => test.mutate()}>
            Test again
          </MenuItem>
        ) : null}
        <MenuItem icon={Trash2} isDangerous onSelect={() => setIsRevoking(true)}>
          Revoke
        </MenuItem>
      </Menu>
      <RevokeDialog id={id} name={name} isOpen={isRevoking} onClose={() => setIsRevoking(false)} />
    </div>
  );
}

/** Leads to the connect page, the only one that takes values. */
function useFormLink({ id: serverId, credential_id: credentialId }: MyServer) {
  return useChange({
    change: () =>
      answerOf(
        credentialId === null
          ? api.POST("/api/v1/servers/{id}/flow", { params: { path: { id: serverId } } })
          : api.POST("/api/v1/credentials/{id}/flow", { params: { path: { id: credentialId } } }),
      ),
    refreshes: [],
    onDone: ({ url }) => location.assign(url),
  });
}

interface RevokeDialogProps {
  readonly id: string;
  readonly name: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function RevokeDialog({ id, name, isOpen, onClose }: RevokeDialogProps) {
  const revoke = useChange({
    change: () => answerOf(api.DELETE("/api/v1/credentials/{id}", { params: { path: { id } } })),
    refreshes: ["me", "credentials"],
    showsError: true,
    done: `Your values for ${name} are deleted.`,
  });
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={
        <>
          Revoke your connection to <bdi>{name}</bdi>?
        </>
      }
      action="Revoke"
      onConfirm={() => revoke.mutateAsync()}
    >
      <p>
        Keyward deletes your stored values at once, and calls in progress end. The next call to <bdi>{name}</bdi> asks
        you for values again.
      </p>
      <p>The key itself stays valid at its issuer. Revoke it there too if somebody else may know it.</p>
    </ConfirmDialog>
  );
}
