import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import { KeywardError } from "../core/errors.ts";
import type { HttpEnv } from "./context.ts";

/** Enough for a server with every field filled, or 5,000 grants without tool lists. */
const MAX_BODY_BYTES = 256 * 1024;

const JSON_TYPE = /^application\/json *(?:;|$)/i;

const limitSize = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new KeywardError("payload_too_large", { message: `The body is larger than ${MAX_BODY_BYTES} bytes.` });
  },
});

/** Whoever sends a body sends JSON, and not too much: a form or a `text/plain` of another site ends here (A17). */
export const requireJsonBody: MiddlewareHandler<HttpEnv> = (c, next) => {
  const type = c.req.header("content-type");
  const isAnnounced = type !== undefined || c.req.header("transfer-encoding") !== undefined || hasLength(c.req.raw);
  if (c.req.method === "GET" || !isAnnounced) {
    return next();
  }
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw new KeywardError("unsupported_media_type");
  }
  return limitSize(c, next);
};

function hasLength(request: Request): boolean {
  return (request.headers.get("content-length") ?? "0") !== "0";
}
