import type { ProtocolEra } from "../core/server.ts";
import { errorOf, INVALID_PARAMS, RESOURCE_NOT_FOUND, type RpcAnswer } from "./jsonrpc.ts";

/** One answer for what does not exist, for a server that does not, and for one that the caller may not use. */
export function unknownFor(method: string, era: ProtocolEra): RpcAnswer {
  switch (method) {
    case "tools/call":
      return errorOf(INVALID_PARAMS, "Unknown tool");
    case "prompts/get":
      return errorOf(INVALID_PARAMS, "Unknown prompt");
    case "resources/read":
      return errorOf(era === "modern" ? INVALID_PARAMS : RESOURCE_NOT_FOUND, "Resource not found");
    case "completion/complete":
      return errorOf(INVALID_PARAMS, "Unknown prompt or resource template");
    default:
      return errorOf(INVALID_PARAMS, "There is no such server");
  }
}
