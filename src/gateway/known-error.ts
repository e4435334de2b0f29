import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { Logger } from "../core/ports.ts";

/** Whatever was thrown, as one of the closed list of errors; what is a fault of this side is logged. */
export function asKnown(error: unknown, logger: Logger, requestId: string): KeywardError {
  const known = isKeywardError(error) ? error : new KeywardError("internal", { cause: error });
  if (known.status >= 500) {
    // The text of what was thrown may quote a value or the upstream: its name is all that is kept.
    const name = error instanceof Error ? error.name : "unknown";
    logger.error("mcp_request_failed", { request_id: requestId, code: known.code, error: name });
  }
  return known;
}
