import type { AuthRequired } from "../../core/auth-required.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Server } from "../../core/server.ts";
import { toolFailure } from "../result.ts";
import { reasonText } from "./reason.ts";

/** Under this `_meta` key the payload of an auth-required answer is always found; of several, the first. */
const META_KEY = "keyward/auth-required";

/** All of them, when one answer asks for several. */
const META_KEY_ALL = "keyward/auth-required-all";

/** What is asked for, and the server it is for. */
interface MissingKey {
  readonly required: AuthRequired;
  readonly server: Server;
}

/**
 * The link as a tool result: a model reads the text and passes it on, a program reads the payload. It is the one answer
 * that reaches every client, and the last rung of the ladder in `mcp.md` section 4.
 *
 * @param tool its definition, as far as it is known: structured content would have to match an output schema that it
 *   declares (the first official SDK refuses even an error result that does not), so the payload is then in `_meta` only
 */
export function authRequiredResult(required: AuthRequired, server: Server, tool: JsonObject | undefined): JsonObject {
  return severalRequiredResult([{ required, server }], tool);
}

/** The same for several servers in one answer. The first payload stands where a single one does. */
export function severalRequiredResult(
  missing: readonly [MissingKey, ...MissingKey[]],
  tool: JsonObject | undefined,
): JsonObject {
  const [first] = missing;
  const payload = payloadOf(first.required);
  const all = missing.map(({ required }) => payloadOf(required));
  return {
    ...toolFailure(missing.map(textOf).join("\n\n")),
    ...(tool?.["outputSchema"] === undefined ? { structuredContent: payload } : {}),
    _meta: { [META_KEY]: payload, ...(all.length > 1 ? { [META_KEY_ALL]: all } : {}) },
  };
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

function textOf({ required, server }: MissingKey): string {
  const { url, expiresAt, requiredFields } = required;
  const wanted = server.headerSchema.filter(({ name }) => requiredFields.includes(name));
  const names = wanted.map(({ displayName }) => displayName).join(", ");
  return [
    reasonText(required),
    `Open ${url} to enter ${names === "" ? "it" : names}, then call the tool again.`,
    // Models like to tidy links up.
    ...(url.includes("#") ? ["Pass the whole link on, with everything after the #: it does not work without."] : []),
    `The link works until ${new Date(expiresAt).toISOString()}. Never ask for the key itself in this conversation.`,
  ].join("\n");
}
