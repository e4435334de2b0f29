import type { AuthRequired } from "../../core/auth-required.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { errorOf, type RpcAnswer, URL_ELICITATION_REQUIRED } from "../jsonrpc.ts";
import { reasonText } from "./reason.ts";

/** Whether a client opens URLs that it is sent. `elicitation: {}` means forms only, and asking for more is forbidden. */
export function canOpenUrls(capabilities: JsonObject): boolean {
  const { elicitation } = capabilities;
  return isJsonObject(elicitation) && isJsonObject(elicitation["url"]);
}

/** 2026-07-28: the request is asked for more, and comes again with `requestState`. One input request for each server. */
export function inputRequiredResult(requests: readonly AuthRequired[], requestState: string): JsonObject {
  const inputRequests = requests.map((required) => [
    required.server,
    { method: "elicitation/create", params: { mode: "url", message: messageOf(required), url: required.url } },
  ]);
  return { resultType: "input_required", inputRequests: Object.fromEntries(inputRequests) as JsonObject, requestState };
}

/**
 * 2025-11-25: the error that makes a client open URLs. Only for one that can, and whose session has an open stream for
 * the notification that ends its wait. The URLs are in the message too, which is all that some clients show.
 */
export function urlElicitationError(requests: readonly AuthRequired[]): RpcAnswer {
  const elicitations = requests.map((required) => ({
    mode: "url",
    elicitationId: required.flowId,
    url: required.url,
    message: messageOf(required),
  }));
  const lines = requests.map((required) => `${reasonText(required)} Open ${required.url} and try again.`);
  return errorOf(URL_ELICITATION_REQUIRED, lines.join("\n"), { elicitations });
}

/** Tells a 2025-11-25 client that what it waits for is done. */
export function elicitationComplete(elicitationId: string): JsonObject {
  return { jsonrpc: "2.0", method: "notifications/elicitation/complete", params: { elicitationId } };
}

// Shown to the person who is asked, beside the URL.
function messageOf(required: AuthRequired): string {
  return `${reasonText(required)} Open the page to enter it. Never type it into this conversation.`;
}
