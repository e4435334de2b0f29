import type { AuthRequired } from "../core/auth-required.ts";
import type { JsonObject } from "../core/json.ts";
import type { AuthRequiredReason } from "../core/resolver.ts";
import type { Server } from "../core/server.ts";
import { AUTH_REQUIRED, errorOf, type RpcAnswer } from "./jsonrpc.ts";
import { toolFailure } from "./result.ts";

/** Under this `_meta` key the payload of an auth-required answer is always found. */
const META_KEY = "keyward/auth-required";

const WHY: Readonly<Record<AuthRequiredReason, (server: string) => string>> = {
  missing: (server) => `The server ${server} needs a key of the person you work for, and none is on file.`,
  needs_update: (server) => `The server ${server} has changed, and what is on file no longer suffices.`,
  rejected: (server) => `The server ${server} refused the key on file.`,
};

/**
 * The link as a tool result: a model reads the text and passes it on, a program reads the payload. It is the one answer
 * that reaches every client; the others of the ladder in `mcp.md` section 4 come before it one day.
 *
 * @param tool its definition, as far as it is known: structured content would have to match an output schema that it
 *   declares (the first official SDK refuses even an error result that does not), so the payload is then in `_meta` only
 */
export function authRequiredResult(required: AuthRequired, server: Server, tool: JsonObject | undefined): JsonObject {
  const payload = payloadOf(required);
  return {
    ...toolFailure(textOf(required, server, "call the tool again")),
    ...(tool?.["outputSchema"] === undefined ? { structuredContent: payload } : {}),
    _meta: { [META_KEY]: payload },
  };
}

/** The link as an error, for what has no tool result: most clients show the message and nothing else. */
export function authRequiredError(required: AuthRequired, server: Server): RpcAnswer {
  return errorOf(AUTH_REQUIRED, textOf(required, server, "try again"), { [META_KEY]: payloadOf(required) });
}

function payloadOf(required: AuthRequired): JsonObject {
  return {
    kind: required.kind,
    server: required.server,
    url: required.url,
    expires_at: new Date(required.expiresAt).toISOString(),
    required_fields: required.requiredFields,
    reason: required.reason,
  };
}

function textOf({ reason, url, expiresAt, requiredFields }: AuthRequired, server: Server, afterwards: string): string {
  const wanted = server.headerSchema.filter(({ name }) => requiredFields.includes(name));
  const names = wanted.map(({ displayName }) => displayName).join(", ");
  return [
    WHY[reason](server.name),
    `Open ${url} to enter ${names === "" ? "it" : names}, then ${afterwards}.`,
    // Models like to tidy links up.
    ...(url.includes("#") ? ["Pass the whole link on, with everything after the #: it does not work without."] : []),
    `The link works until ${new Date(expiresAt).toISOString()}. Never ask for the key itself in this conversation.`,
  ].join("\n");
}
