import { timingSafeEqual } from "node:crypto";
import { KeywardError } from "../../core/errors.ts";
import type { Vault } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import type { SignedIn } from "./signed-in.ts";

/**
 * A browser adds the cookie to whatever it is made to send. Where the cookie is what proves, a request that changes
 * something has to come from a page of this gateway (A17).
 */
export interface OwnPages {
  /** The token that the pages of a session send back; every answer that signs somebody in has it. */
  tokenOf(signedIn: Pick<SignedIn, "sessionId">): string;
  /**
   * Two independent checks: where the browser says the request comes from, and a token that only a page which could
   * read an answer of ours knows. A request that says neither is refused: it is no browser's, or an old one's.
   * @throws KeywardError `csrf_failed`
   */
  assertFromOwnPage(request: Pick<Request, "method" | "headers">, signedIn: Pick<SignedIn, "sessionId">): void;
}

const CSRF_HEADER = "keyward-csrf";
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

export function createOwnPages(parts: { readonly vault: Pick<Vault, "digest">; readonly publicUrl: string }): OwnPages {
  const { vault } = parts;
  const publicOrigin = new URL(parts.publicUrl).origin;

  function tokenOf({ sessionId }: Pick<SignedIn, "sessionId">): string {
    return vault.digest("csrf", new Secret(sessionId));
  }

  return {
    tokenOf,

    assertFromOwnPage({ method, headers }, signedIn) {
      if (SAFE_METHODS.has(method)) {
        return;
      }
      const site = headers.get("sec-fetch-site");
      const isOwnPage = site === null ? headers.get("origin") === publicOrigin : site === "same-origin";
      if (!isOwnPage || !isSame(headers.get(CSRF_HEADER) ?? "", tokenOf(signedIn))) {
        throw new KeywardError("csrf_failed");
      }
    },
  };
}

function isSame(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)];
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
