import type { AuthRequired } from "../../core/auth-required.ts";
import type { JsonObject } from "../../core/json.ts";
import { AUTH_REQUIRED, errorOf, type RpcAnswer } from "../jsonrpc.ts";
import { toolFailure } from "../result.ts";
import { reasonText } from "./reason.ts";

/** Under this `_meta` key the payload of an auth-required answer is always found; of several, the first. */
const META_KEY = "keyward/auth-required";

/** All of them, when one answer asks for several. */
const META_KEY_ALL = "keyward/auth-required-all";

/** What is missing for the call at hand, and then whatever else the caller lacks. */
export type Missing = readonly [AuthRequired, ...AuthRequired[]];

/**
 * The links as a tool result: a model reads the text and passes it on, a program reads the payload. It is the one answer
 * that reaches every client, and the last rung of the ladder.
 *
 * @param tool its definition, as far as it is known: structured content would have to match an output schema that it
 *   declares (the first official SDK refuses even an error result that does not), so the payload is then in `_meta` only
 */
export function authRequiredResult(missing: Missing, tool: JsonObject | undefined): JsonObject {
  return {
    ...toolFailure(textOf(missing, "call the tool again")),
    ...(tool?.["outputSchema"] === undefined ? { structuredContent: payloadOf(missing[0]) } : {}),
    _meta: metaOf(missing),
  };
}

/** The links as an error, for what has no tool result: most clients show the message and nothing else. */
export function authRequiredError(missing: Missing): RpcAnswer {
  return errorOf(AUTH_REQUIRED, textOf(missing, "try again"), metaOf(missing));
}

function metaOf(missing: Missing): JsonObject {
  const all = missing.map(payloadOf);
  return { [META_KEY]: payloadOf(missing[0]), ...(all.length > 1 ? { [META_KEY_ALL]: all } : {}) };
}

function payloadOf({ kind, server, url, expiresAt, requiredFields, reason }: AuthRequired): JsonObject {
  return {
    kind,
    server,
    url,
    expires_at: new Date(expiresAt).toISOString(),
    required_fields: requiredFields,
    reason,
  };
}

function textOf(missing: Missing, afterwards: string): string {
  return missing.map((required) => linkText(required, afterwards)).join("\n\n");
}

function linkText(required: AuthRequired, afterwards: string): string {
  const { url, expiresAt, displayNames } = required;
  const names = displayNames.join(", ");
  return [
    reasonText(required),
    `Open ${url} to enter ${names === "" ? "it" : names}, then ${afterwards}.`,
    // Models like to tidy links up.
    ...(url.includes("#") ? ["Pass the whole link on, with everything after the #: it does not work without."] : []),
    `The link works until ${new Date(expiresAt).toISOString()}. Never ask for the key itself in this conversation.`,
  ].join("\n");
}
