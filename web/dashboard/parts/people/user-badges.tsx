import type { User } from "../../app/api-shapes.ts";
import { Badge, type BadgeTone } from "../../ui/badge.tsx";

type UserState = "active" | "invited" | "disabled";

const STATES: Readonly<Record<UserState, readonly [tone: BadgeTone, label: string]>> = {
  active: ["good", "Active"],
  invited: ["accent", "Invited"],
  disabled: ["plain", "Disabled"],
};

function stateOf({ enabled, invited }: Pick<User, "enabled" | "invited">): UserState {
  if (!enabled) return "disabled";
  return invited ? "invited" : "active";
}

export function UserStateBadge({ user }: { readonly user: Pick<User, "enabled" | "invited"> }) {
  const [tone, label] = STATES[stateOf(user)];
  return (
    <Badge tone={tone}>
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {label}
    </Badge>
  );
}

export const ROLE_TEXT = { admin: "Administrator", user: "User" } as const;
