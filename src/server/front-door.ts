import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../core/errors.ts";
import { headerLines } from "../core/raw-headers.ts";

/** Which hosts and origins a listener answers for. */
export interface FrontDoor {
  /**
   * Judges a request before its body is read (DNS rebinding: CVE-2025-66414). A host is foreign unless it is the public
   * URL's or the listener's own; an origin, if the request has one, must be the same.
   * @returns null when the request may come in
   */
  refuse(request: IncomingMessage): Extract<ErrorCode, "foreign_host" | "foreign_origin"> | null;
}

const PROBE_PATHS: ReadonlySet<string> = new Set(["/healthz", "/readyz", "/metrics"]);
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"] as const;

/**
 * @param publicUrl base of every link; never derived from a request
 * @param port where the listener listens
 * @param isLoopback whether it listens on a loopback address: then its loopback names are its own too
 */
export function createFrontDoor(publicUrl: string, port: number, isLoopback: boolean): FrontDoor {
  const origins = new Set([new URL(publicUrl).origin]);
  if (isLoopback) {
    for (const name of LOOPBACK_NAMES) {
      origins.add(new URL(`http://${name}:${port}`).origin);
    }
  }
  const hosts = new Set([...origins].map((origin) => new URL(origin).host));

  return {
    refuse(request) {
      // A probe or a scraper names the address it dials. The answer tells nothing but alive or ready, or wants a token in a
      // header, which no page of another site can send.
      if (request.method === "GET" && PROBE_PATHS.has(request.url?.split("?", 1)[0] ?? "")) {
        return null;
      }
      const [host, ...others] = headerLines(request.rawHeaders, "host");
      if (host === undefined || others.length > 0 || !hosts.has(host.toLowerCase())) {
        return "foreign_host";
      }
      const { origin } = request.headers;
      return origin === undefined || origins.has(origin) ? null : "foreign_origin";
    },
  };
}
