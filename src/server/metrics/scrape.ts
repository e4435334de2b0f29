import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admins } from "../../core/admins.ts";
import { isKeywardError, type ErrorCode } from "../../core/errors.ts";
import { headerLines } from "../../core/raw-headers.ts";
import { Secret } from "../../core/secret.ts";
import type { Vault } from "../../core/ports.ts";
import { refuse } from "../listener.ts";
import type { Metrics } from "./metrics.ts";

/** Answers `GET /metrics`. */
export type Scrape = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const BEARER = /^bearer +(?<token>[\x21-\x7e]+)$/i;
/** Each holds its text until its scraper has taken it. */
const MAX_SCRAPES = 4;
const SCRAPE_MS = 10_000;

/**
 * The metrics token, which opens nothing else, or an admin token. Not everybody on loopback: behind a proxy on the same
 * machine everybody is.
 */
export function createScrape(parts: {
  readonly metrics: Pick<Metrics, "text">;
  readonly admins: Pick<Admins, "byToken">;
  readonly vault: Pick<Vault, "digest">;
  readonly metricsToken: Secret<string> | null;
}): Scrape {
  const { metrics, admins, vault, metricsToken } = parts;
  const expected = metricsToken === null ? null : vault.digest("admin_token", metricsToken);
  let scrapes = 0;

  async function whyNot(request: IncomingMessage): Promise<ErrorCode | null> {
    if (request.method !== "GET") {
      return "method_not_allowed";
    }
    const [line, ...others] = headerLines(request.rawHeaders, "authorization");
    const token = others.length > 0 ? undefined : BEARER.exec(line ?? "")?.groups?.["token"];
    if (token === undefined) {
      return "unauthenticated";
    }
    const isForMetrics = expected !== null && vault.digest("admin_token", new Secret(token)) === expected;
    if (!isForMetrics && (await admins.byToken(token)) === null) {
      return "unauthenticated";
    }
    return scrapes < MAX_SCRAPES ? null : "rate_limited";
  }

  return async (request, response) => {
    let refused: ErrorCode | null;
    try {
      refused = await whyNot(request);
    } catch (error) {
      refused = isKeywardError(error) ? error.code : "internal";
    }
    if (refused !== null) {
      refuse(response, refused);
      return;
    }
    scrapes += 1;
    response.once("close", () => (scrapes -= 1));
    // A scraper that stops reading is let go.
    response.setTimeout(SCRAPE_MS, () => response.destroy());
    const text = await metrics.text();
    response.writeHead(200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.end(text);
  };
}
