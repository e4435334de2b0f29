import type { JsonObject } from "../core/json.ts";
import type { Logger } from "../core/ports.ts";
import type { ProtocolEra } from "../core/server.ts";
import type { Access } from "../core/access-port.ts";
import { type Entry, type ListPage, pageOf } from "./page.ts";
import type { Scope } from "./exchange.ts";
import { toolForEra } from "./tool.ts";

/** A server that a caller may use, with what it lists for that caller. */
export interface Listing {
  readonly access: Access;
  readonly items: readonly JsonObject[];
}

export interface Catalog {
  /**
   * The tools that a caller may use, whether it has given a key or not. Order: by server name, then as the server lists
   * them. Every member that the protocol does not define is kept.
   *
   * @param cursor from the previous page; null = the first
   * @returns null when the cursor is not valid any more; see `pageOf`
   */
  page(listings: readonly Listing[], scope: Scope["kind"], era: ProtocolEra, cursor: string | null): ListPage | null;
}

/** The specification's limit; model APIs that take only 64 are the client's to serve. */
const EXPOSED_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const MAX_REPORTED = 1000;

/** `<server>-<tool>` on `/mcp`. @returns null when no client could be expected to take the name */
function exposedName(scope: Scope["kind"], serverName: string, toolName: string): string | null {
  if (scope === "one") {
    return toolName;
  }
  const name = `${serverName}-${toolName}`;
  return EXPOSED_NAME.test(name) ? name : null;
}

interface SplitName {
  readonly serverName: string;
  /** As the server knows it. */
  readonly name: string;
}

/** Splits `<server>-<tool>`. @returns null for a name that no tool is listed by */
export function splitExposedName(name: string): SplitName | null {
  return EXPOSED_NAME.test(name) ? splitAtHyphen(name) : null;
}

/** Splits `<server>-<name>`: a server's name has no hyphen, so the first one ends it. @returns null when there is none */
export function splitAtHyphen(name: string): SplitName | null {
  const hyphen = name.indexOf("-");
  return hyphen < 1 ? null : { serverName: name.slice(0, hyphen), name: name.slice(hyphen + 1) };
}

/** Whether the allow lists of server and grant have a tool. */
export function isAllowed({ tools }: Pick<Access, "tools">, toolName: string): boolean {
  return toolName !== "" && (tools === null || tools.includes(toolName));
}

/**
 * Whether a tool may be called: the allow list has it and, once the server's tools are known, so have they.
 * What is not listed is not callable.
 *
 * @returns its definition; `undefined` when nothing is known of the server's tools yet; null when it may not be called
 */
export function findTool({ server, tools }: Access, toolName: string): JsonObject | undefined | null {
  if (!isAllowed({ tools }, toolName)) {
    return null;
  }
  if (server.discovered === null) {
    return undefined;
  }
  return server.discovered.tools.find((tool) => tool["name"] === toolName) ?? null;
}

export function createCatalog(logger: Logger): Catalog {
  const reported = new Set<string>();

  // Once per version of a server, not once per list. The name is the server's text, so the index stands for it.
  function report({ server }: Access, index: number, reason: string): void {
    const key = `${server.id}/${server.version}/${index}/${reason}`;
    if (reported.has(key)) {
      return;
    }
    if (reported.size === MAX_REPORTED) {
      reported.clear();
    }
    reported.add(key);
    logger.warn("tool_left_out", { server_id: server.id, tool_index: index, reason });
  }

  function* exposed({ access, items }: Listing, scope: Scope["kind"], era: ProtocolEra): Generator<Entry> {
    const allowed = access.tools === null ? null : new Set(access.tools);
    const seen = new Set<string>();
    for (const [index, tool] of items.entries()) {
      const { name } = tool;
      if (typeof name === "string" && allowed !== null && !allowed.has(name)) {
        continue;
      }
      const isNamed = typeof name === "string" && name !== "" && !seen.has(name);
      const shownName = isNamed ? exposedName(scope, access.server.name, name) : null;
      const shown = toolForEra(tool, era);
      if (!isNamed || shownName === null || shown === null) {
        report(access, index, shown === null ? "input_schema" : "name");
        continue;
      }
      seen.add(name);
      yield { key: shownName, item: { ...shown, name: shownName } };
    }
  }

  return {
    page: (listings, scope, era, cursor) =>
      pageOf(
        listings.flatMap((listing) => [...exposed(listing, scope, era)]),
        cursor,
      ),
  };
}
