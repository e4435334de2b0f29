import { KeyRound, MonitorDot, UserRound } from "lucide-react";
import type { AuthMode, Credential } from "../../app/admin-shapes.ts";
import { ForeignText } from "../../ui/foreign-text.tsx";
import { identityText, MODE_TEXT } from "./connection-text.ts";

const ICONS = { user: UserRound, virtual_key: KeyRound, session: MonitorDot } as const;

/** Says at a glance whether it is a person, a virtual key or a session. */
export function ModeIcon({ mode }: { readonly mode: AuthMode }) {
  const Icon = ICONS[mode];
  return (
    <>
      <Icon aria-hidden="true" className="size-4 shrink-0 text-soft" />
      <span className="sr-only">{MODE_TEXT[mode]}</span>
    </>
  );
}

export function IdentityName({ identity }: { readonly identity: Credential["identity"] }) {
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-2">
      <ModeIcon mode={identity.auth_mode} />
      <span className="min-w-0 truncate">
        <ForeignText text={identityText(identity)} />
      </span>
    </span>
  );
}
