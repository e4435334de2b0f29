import type { MiddlewareHandler } from "hono";
import type { Admins } from "../core/admins.ts";
import type { Callers } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import type { Openers, OpenerProof } from "../core/opener.ts";
import { isAdministrator, requestOriginOf, type HttpContext, type HttpEnv, type Principal } from "./context.ts";
import type { Access } from "./contract/route.ts";
import { presentedBy } from "./presented.ts";
import type { OwnPages } from "./sign-in/csrf.ts";
import type { SignedIn, SignIns } from "./sign-in/signed-in.ts";

interface GuardParts {
  readonly admins: Pick<Admins, "byToken">;
  readonly callers: Callers;
  readonly openers: Openers;
  readonly signIns: SignIns;
  readonly ownPages: OwnPages;
}

/**
 * One guard per kind of access. They run before anything of the body is read (abuse case A47) and decide at every
 * request anew: nothing about a proof is remembered.
 *
 * A header that proves is an act; a cookie comes along by itself. So where there is a header, the header alone decides:
 * a wrong one is a 401, and is never mended by the cookie of whoever happens to be signed in. Nor are the two together
 * refused: on the connect page somebody who is signed in may well paste a key.
 */
export function createGuards(parts: GuardParts): Readonly<Record<Access, MiddlewareHandler<HttpEnv>>> {
  const { admins, callers, openers, signIns, ownPages } = parts;

  /** @throws KeywardError `csrf_failed` for a change that no page of ours asks for */
  async function signedInBy(request: Request): Promise<SignedIn | null> {
    const signedIn = await signIns.byCookie(request.headers);
    if (signedIn !== null) {
      ownPages.assertFromOwnPage(request, signedIn);
    }
    return signedIn;
  }

  async function principalFor(request: Request): Promise<Principal> {
    const proof = presentedBy(request.headers);
    switch (proof.kind) {
      case "virtual_key":
      case "session": {
        const caller =
          proof.kind === "session" ? callers.bySession(proof.text) : await callers.byVirtualKey(proof.text);
        return caller === null ? refuse() : { kind: "caller", caller };
      }
      case "admin": {
        const admin = await admins.byToken(proof.text);
        return admin === null ? refuse() : { kind: "admin", admin };
      }
      case "none": {
        const signedIn = await signedInBy(request);
        return signedIn === null ? refuse() : { kind: "user", ...signedIn };
      }
      case "temp_token":
        return refuse();
    }
  }

  async function openerProofOf(request: Request): Promise<OpenerProof> {
    const proof = presentedBy(request.headers);
    const signedIn = proof.kind === "none" ? await signedInBy(request) : null;
    return signedIn === null ? proof : { kind: "user", user: signedIn.user };
  }

  async function signIn(c: HttpContext): Promise<Principal> {
    const principal = await principalFor(c.req.raw);
    c.set("principal", principal);
    return principal;
  }

  return {
    public: (_, next) => next(),

    async opener(c, next) {
      const route = { method: c.req.method, path: c.env.rawPath };
      const flowId = c.req.param("id") ?? "";
      c.set("opener", await openers.prove(flowId, await openerProofOf(c.req.raw), route, requestOriginOf(c)));
      await next();
    },

    async signed_in(c, next) {
      await signIn(c);
      await next();
    },

    async person(c, next) {
      const principal = await signIn(c);
      if (principal.kind === "caller") {
        throw new KeywardError("forbidden");
      }
      await next();
    },

    async admin(c, next) {
      const principal = await signIn(c);
      if (!isAdministrator(principal)) {
        throw new KeywardError("forbidden");
      }
      await next();
    },
  };
}

function refuse(): never {
  throw new KeywardError("unauthenticated");
}
