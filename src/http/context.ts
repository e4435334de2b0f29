import type { Context } from "hono";
import type { Requester } from "../core/access.ts";
import type { Admin } from "../core/admins.ts";
import type { RequestOrigin } from "../core/audit.ts";
import type { Caller } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import type { Opener } from "../core/opener.ts";

/**
 * What only the listener knows of a request. It is Hono's `env`: `app.fetch(request, context)`.
 */
interface RequestContext {
  /** Named in the audit log, in log lines and in the answer to an unexpected error. */
  readonly requestId: string;
  /** Client address, as the socket or a trusted proxy says; never a header of an unlisted peer. */
  readonly address: string | null;
  /** The path as it came over the wire: not decoded, not normalised, without the query. */
  readonly rawPath: string;
}

/** Who a request is from, once proven. */
export type Principal =
  | { readonly kind: "admin"; readonly admin: Admin }
  | { readonly kind: "caller"; readonly caller: Caller };

/** Hono's type parameter of this app. */
export interface HttpEnv {
  Bindings: RequestContext;
  Variables: {
    /** Set by the guards of `signed_in` and `admin` routes. */
    principal?: Principal;
    /** Set by the guard of `opener` routes. */
    opener?: Opener;
  };
}

export type HttpContext = Context<HttpEnv>;

export function requestOriginOf(c: HttpContext): RequestOrigin {
  return { requestId: c.env.requestId, address: c.env.address };
}

/** @throws KeywardError `unauthenticated` on a route whose guard proved nobody */
export function principalOf(c: HttpContext): Principal {
  const principal = c.get("principal");
  if (principal === undefined) {
    throw new KeywardError("unauthenticated");
  }
  return principal;
}

/** @throws KeywardError `opener_unknown` on a route whose guard proved no opener */
export function openerOf(c: HttpContext): Opener {
  const opener = c.get("opener");
  if (opener === undefined) {
    throw new KeywardError("opener_unknown");
  }
  return opener;
}

export function requesterOf(c: HttpContext): Requester {
  const principal = principalOf(c);
  const actor =
    principal.kind === "admin"
      ? ({ kind: "admin", id: principal.admin.id } as const)
      : ({ kind: "identity", identity: principal.caller.identity } as const);
  return { actor, origin: requestOriginOf(c) };
}
