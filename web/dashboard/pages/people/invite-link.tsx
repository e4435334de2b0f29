import type { Schemas } from "../../../../src/client/api-types.ts";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { dateText } from "../../ui/time-text.ts";

interface InviteLinkProps {
  readonly invite: Schemas["Invite"];
  readonly onClose: () => void;
}

export function InviteLink({ invite, onClose }: InviteLinkProps) {
  return (
    <ShownOnce
      secret={invite.invite_url}
      onClose={onClose}
      copyLabel="Copy the link"
      warning="Copy the link now: it is not shown again. Keyward sends no mail, so hand it over yourself, to this person only."
    >
      <p className="mt-4 text-soft">
        Whoever opens it chooses the password. It works once, until {dateText(invite.invite_expires_at)}.
      </p>
    </ShownOnce>
  );
}
