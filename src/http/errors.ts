import type { ErrorHandler, NotFoundHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { Logger } from "../core/ports.ts";
import type { HttpContext, HttpEnv } from "./context.ts";

const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 409: "1", 429: "60", 503: "5" };

/** Turns whatever was thrown into an answer. The text of a foreign error goes nowhere: not out, not into the log. */
export function createErrorHandler(logger: Logger): ErrorHandler<HttpEnv> {
  return (error, c) => {
    const known = toKeywardError(error);
    if (known !== null) {
      if (known.status >= 500) {
        logger.warn("http_request_failed", { request_id: c.env.requestId, code: known.code });
      }
      return answer(c, known);
    }
    logger.error("http_internal_error", { request_id: c.env.requestId, error: error.constructor.name });
    return answer(c, new KeywardError("internal", { details: { request_id: c.env.requestId } }));
  };
}

function answer(c: HttpContext, error: KeywardError): Response {
  const { code, status, message, details } = error;
  if (status === 401) {
    // RFC 9110 section 11.6.1: a 401 names a way in.
    c.header("WWW-Authenticate", 'Bearer realm="keyward"');
  }
  const retryAfter = RETRY_AFTER_SECONDS[status];
  if (error.isRetryable && retryAfter !== undefined) {
    c.header("Retry-After", retryAfter);
  }
  return c.json(
    { error: { code, message, ...(details === undefined ? {} : { details }) } },
    status as ContentfulStatusCode,
  );
}

function toKeywardError(error: Error): KeywardError | null {
  if (isKeywardError(error)) {
    return error;
  }
  // What the libraries beneath throw while they read a body.
  if (error instanceof HTTPException && error.status === 400) {
    return new KeywardError("invalid_json");
  }
  if (error instanceof HTTPException && error.status === 415) {
    return new KeywardError("unsupported_media_type");
  }
  return null;
}

interface Registered {
  readonly method: string;
  readonly path: string;
}

/** Unknown paths are `not_found`; known ones with another method are told which methods there are. */
export function createNotFoundHandler(routes: readonly Registered[]): NotFoundHandler<HttpEnv> {
  const patterns = routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return (c) => {
    const methods = new Set(patterns.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method));
    if (methods.size === 0) {
      return answer(c, new KeywardError("not_found"));
    }
    // The framework answers HEAD wherever it answers GET; the API's part of it is refused in `front.ts`.
    if (methods.has("GET") && !c.req.path.startsWith("/api/")) {
      methods.add("HEAD");
    }
    c.header("Allow", [...methods].toSorted().join(", "));
    return answer(c, new KeywardError("method_not_allowed"));
  };
}

/** `/api/v1/flows/:id` as an expression. Ids are never encoded, so a segment is whatever has no slash. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:[a-z_]+/g, "[^/]+")}$`);
}
