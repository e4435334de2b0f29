import type { AuthRequired } from "../../core/auth-required.ts";
import type { AuthRequiredReason } from "../../core/resolver.ts";

const WHY: Readonly<Record<AuthRequiredReason, (server: string) => string>> = {
  missing: (server) => `The server ${server} needs a key of the person you work for, and none is on file.`,
  needs_update: (server) => `The server ${server} has changed, and what is on file no longer suffices.`,
  rejected: (server) => `The server ${server} refused the key on file.`,
};

/** One sentence for a model to pass on. */
export function reasonText({ reason, server }: Pick<AuthRequired, "reason" | "server">): string {
  return WHY[reason](server);
}
