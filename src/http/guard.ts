import type { MiddlewareHandler } from "hono";
import type { Admins } from "../core/admins.ts";
import type { Callers } from "../core/callers.ts";
import { KeywardError } from "../core/errors.ts";
import type { Openers, OpenerProof } from "../core/opener.ts";
import { requestOriginOf, type HttpContext, type HttpEnv, type Principal } from "./context.ts";
import type { Access } from "./contract/route.ts";
import { presentedBy } from "./presented.ts";

interface GuardParts {
  readonly admins: Pick<Admins, "byToken">;
  readonly callers: Callers;
  readonly openers: Openers;
}

/**
 * One guard per kind of access. They run before anything of the body is read (abuse case A47) and decide at every
 * request anew: nothing about a proof is remembered.
 */
export function createGuards(parts: GuardParts): Readonly<Record<Access, MiddlewareHandler<HttpEnv>>> {
  const { admins, callers, openers } = parts;

  async function principalFor(proof: OpenerProof): Promise<Principal> {
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
      case "none":
      case "temp_token":
        return refuse();
    }
  }

  async function signIn(c: HttpContext): Promise<Principal> {
    const principal = await principalFor(presentedBy(c.req.raw.headers));
    c.set("principal", principal);
    return principal;
  }

  return {
    public: (_, next) => next(),

    async opener(c, next) {
      const route = { method: c.req.method, path: c.env.rawPath };
      const flowId = c.req.param("id") ?? "";
      c.set("opener", await openers.prove(flowId, presentedBy(c.req.raw.headers), route, requestOriginOf(c)));
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
      if (principal.kind !== "admin") {
        throw new KeywardError("forbidden");
      }
      await next();
    },
  };
}

function refuse(): never {
  throw new KeywardError("unauthenticated");
}
