import { Link2, LogOut } from "lucide-react";
import { useState } from "react";
import type { Schemas } from "../../../../src/client/api-types.ts";
import { answerOf } from "../../../../src/client/client.ts";
import { api, messageOf } from "../../app/api.ts";
import { useChange } from "../../app/use-change.ts";
import type { UserWithGroups } from "../../parts/people/people-api.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PanelSection } from "../../ui/panel.tsx";
import { exactTime } from "../../ui/time-text.ts";
import { InviteLink } from "./invite-link.tsx";

/** How somebody gets in, and out. */
export function UserSignIn({ user }: { readonly user: UserWithGroups }) {
  const path = { id: user.id };
  const [isInviting, setIsInviting] = useState(false);
  const [isEnding, setIsEnding] = useState(false);
  const end = useChange({
    change: () => answerOf(api.DELETE("/api/v1/users/{id}/sessions", { params: { path } })),
    refreshes: ["sessions"],
    showsError: true,
    done: `${user.name} is signed out everywhere.`,
  });
  return (
    <PanelSection title="Sign-in">
      <p className="text-soft">
        {user.invited ? "An invitation is open. " : ""}Added {exactTime(user.created_at)}.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button size="sm" icon={Link2} onClick={() => setIsInviting(true)}>
          New invitation
        </Button>
        <Button size="sm" icon={LogOut} onClick={() => setIsEnding(true)}>
          Sign out everywhere
        </Button>
      </div>
      <InviteAgain user={user} isOpen={isInviting} onClose={() => setIsInviting(false)} />
      <ConfirmDialog
        isOpen={isEnding}
        onClose={() => setIsEnding(false)}
        title={
          <>
            Sign <bdi>{user.name}</bdi> out everywhere?
          </>
        }
        action="Sign out"
        onConfirm={() => end.mutateAsync()}
      >
        They have to sign in again in every browser. Virtual keys and connected apps work on.
      </ConfirmDialog>
    </PanelSection>
  );
}

interface InviteAgainProps {
  readonly user: UserWithGroups;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

function InviteAgain({ user, isOpen, onClose }: InviteAgainProps) {
  const make = useChange<void, Schemas["Invite"]>({
    change: () => answerOf(api.POST("/api/v1/users/{id}/invite", { params: { path: { id: user.id } } })),
    refreshes: ["users", "user"],
    showsError: true,
  });
  function close(): void {
    make.reset();
    onClose();
  }
  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      isSticky={make.data !== undefined}
      title={make.data === undefined ? "Make a new invitation?" : `A new invitation for ${user.name}`}
    >
      {make.data === undefined ? (
        <>
          {make.error === null ? null : (
            <Notice tone="bad" className="mb-4">
              {messageOf(make.error)}
            </Notice>
          )}
          <p className="text-soft">
            By its link, <bdi className="text-ink">{user.name}</bdi> chooses a new password. A link from before stops
            working; a password that exists works until then.
          </p>
          <Actions>
            <Button onClick={close}>Cancel</Button>
            <Button variant="primary" isBusy={make.isPending} onClick={() => make.mutate()}>
              Make invitation
            </Button>
          </Actions>
        </>
      ) : (
        <InviteLink invite={make.data} onClose={close} />
      )}
    </Dialog>
  );
}
