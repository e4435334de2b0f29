import { Ellipsis, Pause, Play, ShieldCheck, Trash2 } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import type { Server } from "../../app/admin-shapes.ts";
import { DeletionDialog } from "../../app/deletion-dialog.tsx";
import { useChange } from "../../app/use-change.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { deleteServer, patchServer } from "../../parts/server-api.ts";
import { VerifyDialog } from "../../parts/verify/verify-dialog.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";

export function ServerActions({ server }: { readonly server: Server }) {
  const { id, name, status } = server;
  const [, navigate] = useLocation();
  const [isVerifying, setIsVerifying] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const isDisabled = status === "disabled";
  const toggle = useGuardedChange({
    preview: (enabled: boolean) => patchServer(id, { enabled }, true),
    change: (enabled: boolean) => patchServer(id, { enabled }),
    refreshes: ["servers", "server", "credentials", "me"],
    done: (_output, enabled) => `${name} is ${enabled ? "enabled" : "disabled"}.`,
    action: isDisabled ? "Enable" : "Disable",
    isDangerous: !isDisabled,
  });
  const remove = useChange({
    change: () => deleteServer(id),
    refreshes: ["servers", "credentials", "me"],
    showsError: true,
    done: `${name} is deleted.`,
    onDone: () => navigate("/servers"),
  });
  return (
    <>
      <Button icon={ShieldCheck} onClick={() => setIsVerifying(true)}>
        {status === "pending_verification" ? "Verify" : "Verify again"}
      </Button>
      <Menu trigger={<IconButton icon={Ellipsis} label={`More actions for ${name}`} />}>
        <MenuItem icon={isDisabled ? Play : Pause} onSelect={() => toggle.run(isDisabled)}>
          {isDisabled ? "Enable" : "Disable"}
        </MenuItem>
        <MenuLine />
        <MenuItem icon={Trash2} isDangerous onSelect={() => setIsDeleting(true)}>
          Delete
        </MenuItem>
      </Menu>
      {toggle.dialog}
      <VerifyDialog server={server} isOpen={isVerifying} onClose={() => setIsVerifying(false)} />
      <DeletionDialog
        isOpen={isDeleting}
        onClose={() => setIsDeleting(false)}
        title={`Delete ${name}?`}
        action="Delete"
        queryKey={["server", id]}
        preview={(signal) => deleteServer(id, true, signal)}
        none="Nobody has stored anything for it."
        onConfirm={() => remove.mutateAsync()}
      >
        The server is deleted with its header fields, its grants and everything that people have stored for it. Its
        tools disappear from everyone&apos;s clients. This cannot be undone.
      </DeletionDialog>
    </>
  );
}
