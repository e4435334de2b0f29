import type { AuditEntry } from "../../core/audit.ts";
import { NO_ORIGIN } from "../../core/audit.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/ports.ts";
import type { Server } from "../../core/server.ts";
import type { AuditStore } from "../../core/audit-port.ts";

/** What an administrator looked at when the server was verified, and what its tools say now. */
export interface ToolChanges {
  /**
   * Flags tools that say something else than at the last verification: a description is read by a model, so one that
   * changes afterwards is how a server turns on its users (abuse case A51). One audit event for each version of a server
   * and set of tools. Works in the background; the names are all that is kept of the new text.
   */
  saw(server: Server, tools: readonly JsonObject[]): void;
}

const ACTION = "server.tools_changed";
const MAX_NAMES = 50;
const MAX_SERVERS = 1_000;
/** A server could change a different set each time; after so many there is nothing new to be learnt. */
const MAX_SETS_PER_SERVER = 20;

export function createToolChanges(parts: {
  readonly store: Pick<AuditStore, "appendAudit" | "listAudit">;
  readonly logger: Logger;
}): ToolChanges {
  const { store, logger } = parts;
  const flagged = new Map<string, Set<string>>();

  function setsOf(server: Server): Set<string> {
    const key = `${server.id}/${server.version}`;
    const sets = flagged.get(key) ?? new Set();
    if (!flagged.has(key) && flagged.size === MAX_SERVERS) {
      flagged.clear();
    }
    flagged.set(key, sets);
    return sets;
  }

  async function record(server: Server, changed: readonly string[]): Promise<void> {
    // Another process, or this one before it was started again, may have flagged the same.
    const { items } = await store.listAudit({ action: ACTION, serverId: server.id, since: server.updatedAt }, {});
    const isKnown = items.some(({ version, detail }) => version === server.version && isSame(detail?.changed, changed));
    if (!isKnown) {
      logger.warn("tools_changed", { server_id: server.id, count: changed.length });
      await store.appendAudit(entryFor(server, changed));
    }
  }

  return {
    saw(server, tools) {
      const changed = changedNames(server.discovered?.tools ?? [], tools).slice(0, MAX_NAMES);
      const sets = setsOf(server);
      const set = JSON.stringify(changed);
      if (changed.length === 0 || sets.has(set) || sets.size === MAX_SETS_PER_SERVER) {
        return;
      }
      sets.add(set);
      record(server, changed).catch((error: unknown) => {
        // The next list that shows it tries again.
        sets.delete(set);
        const code = isKeywardError(error) ? error.code : "internal";
        logger.warn("tools_changed_not_recorded", { server_id: server.id, code });
      });
    },
  };
}

function entryFor(server: Server, changed: readonly string[]): AuditEntry {
  return {
    ...NO_ORIGIN,
    actor: { kind: "system" },
    action: ACTION,
    outcome: "ok",
    serverId: server.id,
    version: server.version,
    detail: { changed },
  };
}

function isSame(recorded: readonly string[] | undefined, changed: readonly string[]): boolean {
  return JSON.stringify(recorded ?? []) === JSON.stringify(changed);
}

/** Tools that were there before and say something else now, by name. */
function changedNames(before: readonly JsonObject[], now: readonly JsonObject[]): string[] {
  const said = new Map(before.map((tool) => [tool["name"], sayings(tool)]));
  return now.flatMap((tool) => {
    const { name } = tool;
    const earlier = said.get(name ?? null);
    return typeof name === "string" && earlier !== undefined && earlier !== sayings(tool) ? [name] : [];
  });
}

/** What a model or a client decides by. */
function sayings({ title, description, inputSchema, outputSchema, annotations }: JsonObject): string {
  return JSON.stringify([title, description, inputSchema, outputSchema, annotations]);
}
