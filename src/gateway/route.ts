import { KeywardError } from "../core/errors.ts";

/** Which endpoint a path names: all servers of the caller, or one. */
export type Route = { readonly kind: "all" } | { readonly kind: "one"; readonly serverName: string };

const PATH = /^\/mcp(?:\/(?<serverName>[a-z][a-z0-9_]{0,31}))?$/;

/**
 * Matches the raw path, byte by byte. Each endpoint has one spelling: nothing is decoded, folded or normalised, and a
 * trailing slash is another path, so that a proxy's rules and this one can never read a path differently (abuse case A46).
 *
 * @param target the request target as it came in; a query is ignored
 * @throws KeywardError `not_found`
 */
export function parseRoute(target: string): Route {
  const match = PATH.exec(target.split("?", 1)[0] ?? "");
  if (match === null) {
    throw new KeywardError("not_found", {
      message: "There is no MCP endpoint here: they are /mcp and /mcp/<server>, without a trailing slash.",
    });
  }
  const serverName = match.groups?.["serverName"];
  return serverName === undefined ? { kind: "all" } : { kind: "one", serverName };
}
