import type { UpstreamFailureCode } from "../core/ports.ts";

/*
 * What a caller is told of a server that cannot do what was asked. It says nothing of addresses, names or times: that
 * would make the gateway an eye into its network.
 */

const FAILURE: Readonly<Record<UpstreamFailureCode, string>> = {
  upstream_unreachable: "could not be reached, or did not answer in time. Try again later.",
  upstream_redirected:
    "answered with a redirect, which is never followed. Its administrator has to correct its address.",
  upstream_not_allowed: "has an address that may not be dialled. Its administrator has to allow it.",
  upstream_protocol: "gave an answer that is not MCP. Try again later.",
  upstream_url_invalid: "has an address that is not valid. Its administrator has to correct it.",
};

/** No usable answer came. */
export function failedText(serverName: string, code: UpstreamFailureCode): string {
  return `The server ${serverName} ${FAILURE[code]}`;
}

/** The key is good, and this is not allowed with it. */
export function callRefusedText(serverName: string): string {
  return `The server ${serverName} accepts the key on file, but refused this call with it. The key may lack a permission that this needs.`;
}

/** Whether the key is good could not be found out. */
export function refusalUnconfirmedText(serverName: string): string {
  return `The server ${serverName} refused this call, and could not be asked whether it still accepts the key. Try again later.`;
}

/** The server refuses what is the same for all its callers. */
export function refusedForAllText(serverName: string): string {
  return `The server ${serverName} refused the access that its administrator has set up for everyone. Tell the administrator.`;
}

/** The server answered with a question, which only a client that it is connected to could answer. */
export const CANNOT_BE_PASSED_ON = "The server asked for something that cannot be passed on.";
