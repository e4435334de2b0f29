import type { Schemas } from "../client/api-types.ts";
import { table, when } from "./text.ts";

export function userTable(users: readonly Schemas["User"][], whenEmpty: string): string {
  return table(
    ["name", "address", "role", "state", "created", "id"],
    users.map((user) => [user.name, user.email, user.role, stateOf(user), when(user.created_at), user.id]),
    whenEmpty,
  );
}

function stateOf({ enabled, invited }: Schemas["User"]): string {
  return enabled ? (invited ? "invited" : "enabled") : "disabled";
}
