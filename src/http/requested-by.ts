import { parseRequestedBy } from "../core/requested-by.ts";
import type { RequestedBy } from "../core/flow-port.ts";
import type { HttpContext } from "./context.ts";

// RFC 9110 section 10.1.5: the first product of a User-Agent names the client itself.
const FIRST_PRODUCT = /^([^\s/]+)(?:\/(\S+))?/;

/** Who asked for a link over REST: told to the person who opens it. */
export function requestedBy(c: HttpContext): RequestedBy {
  const [, clientName, clientVersion] = FIRST_PRODUCT.exec(c.req.header("user-agent") ?? "") ?? [];
  return parseRequestedBy({ clientName, clientVersion, address: c.env.address });
}
