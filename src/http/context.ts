import type { Context } from "hono";
import type { Requester } from "../core/access.ts";
import type { Admin } from "../core/admins.ts";
import type { Actor, RequestOrigin } from "../core/audit.ts";
import type { Caller } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import type { Identity } from "../core/identity.ts";
import type { Opener } from "../core/opener.ts";
import { actorOfUser, identityOfUser } from "../core/user.ts";
import type { SignedIn } from "./sign-in/signed-in.ts";

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
  | { readonly kind: "caller"; readonly caller: Caller }
  /** Somebody signed in to the dashboard. */
  | ({ readonly kind: "user" } & SignedIn);

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
  return { actor: actorOf(principalOf(c)), origin: requestOriginOf(c) };
}

function actorOf(principal: Principal): Actor {
  switch (principal.kind) {
    case "admin":
      return { kind: "admin", id: principal.admin.id };
    case "caller":
      return { kind: "identity", identity: principal.caller.identity };
    case "user":
      return actorOfUser(principal.user);
  }
}

/** Whether a request may administer: by an admin token, or signed in as an administrator. */
export function isAdministrator(principal: Principal): boolean {
  return principal.kind === "admin" || (principal.kind === "user" && principal.user.role === "admin");
}

/** As whom a request acts where values are concerned; null for an admin token, which has none of its own. */
export function identityOf(principal: Principal): Identity | null {
  switch (principal.kind) {
    case "admin":
      return null;
    case "caller":
      return principal.caller.identity;
    case "user":
      return identityOfUser(principal.user);
  }
}

/**
 * Who is signed in to the dashboard.
 * @throws KeywardError `forbidden` for a request that proved itself otherwise
 */
export function signedInOf(c: HttpContext): SignedIn {
  const principal = principalOf(c);
  if (principal.kind !== "user") {
    throw new KeywardError("forbidden", { message: "Only somebody who is signed in to the dashboard may do that." });
  }
  return principal;
}
