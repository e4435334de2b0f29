import { isKeywardError } from "../../core/errors.ts";
import { type Identity, identityKey } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ChangedList, ListChangeSink } from "../../core/list-change.ts";
import type { CallHeaders, Clock, ListOutcome, Logger, Upstream } from "../../core/ports.ts";
import type { ListKind, Server } from "../../core/server.ts";
import { fingerprintOf, isSameList } from "./fingerprint.ts";
import { WeightedCache } from "./weighted-cache.ts";

type Items = readonly JsonObject[];

/**
 * What a server lists for one identity, asked for with that identity's own headers. Nothing is shared between
 * identities, not even where the server wants no key of theirs (CVE-2026-16326, abuse case A43).
 */
export interface OwnLists {
  /**
   * The identity's list, at most a minute old; asked for once however many want it. When the server takes longer than
   * the time box, or fails, the last list that is known stands in: the identity's own, or else the catalogue. A list that
   * comes late is kept for the next time. Never rejects.
   */
  list(identity: Identity, server: Server, headers: CallHeaders, kind: ListKind): Promise<Items>;
  /** What the identity was last listed by this version of the server, without asking it; null = nothing yet. */
  peek(identity: Identity, server: Server, kind: ListKind): Items | null;
  /** Has the next list asked for anew: the server says that it has changed. */
  expire(identity: Identity, serverId: string): void;
}

export interface OwnListsParts {
  readonly upstream: Pick<Upstream, "list">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Is told when an identity's list differs from the one it was given before. */
  readonly changes: ListChangeSink;
  /** Is shown every list of tools that differs from the catalogue. */
  readonly sawTools: (server: Server, tools: Items) => void;
  /** How long one list waits for a server, in milliseconds. Default 2,000. */
  readonly timeBoxMs?: number;
}

interface Entry {
  readonly serverVersion: number;
  /** Id and version of the credential; empty when the server wants none. */
  readonly credential: string;
  /** Null until the first answer. */
  items: Items | null;
  /** What the identity was given with an earlier credential or by an earlier version. */
  readonly before: Items | null;
  /** No request before this time: the list is fresh, or the server has just failed. */
  restsUntil: number;
  underWay: Promise<void> | null;
  /** Whether somebody has stopped waiting for the request that is under way. */
  isLate: boolean;
  isExpired: boolean;
}

const TIME_BOX_MS = 2_000;
const FRESH_MS = 60_000;
const PAUSE_AFTER_FAILURE_MS = 10_000;
/** Nobody waits for a list any more by then; it would only hold a connection. */
const REQUEST_LIMIT_MS = 30_000;

/** Characters of JSON, roughly; lists that equal the catalogue are the catalogue and weigh next to nothing. */
const MAX_WEIGHT = 32 * 1024 * 1024;
const ENTRY_WEIGHT = 1_024;

const CHANGED: Readonly<Record<ListKind, ChangedList>> = {
  tools: "tools",
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resources",
};

export function createOwnLists(parts: OwnListsParts): OwnLists {
  const { upstream, clock, logger, changes, sawTools, timeBoxMs = TIME_BOX_MS } = parts;
  const cache = new WeightedCache<Entry>(MAX_WEIGHT);

  function entryFor(key: string, server: Server, credential: string): Entry {
    const known = cache.get(key);
    if (known?.serverVersion === server.version && known.credential === credential) {
      return known;
    }
    const entry: Entry = {
      serverVersion: server.version,
      credential,
      items: null,
      before: known?.items ?? known?.before ?? null,
      restsUntil: 0,
      underWay: null,
      isLate: false,
      isExpired: false,
    };
    cache.set(key, entry, ENTRY_WEIGHT);
    return entry;
  }

  async function ask(server: Server, headers: CallHeaders, kind: ListKind): Promise<ListOutcome> {
    const limit = new AbortController();
    const cancel = clock.schedule(REQUEST_LIMIT_MS, () => limit.abort(), { isBackground: true });
    try {
      return await upstream.list(server, headers, kind, { signal: limit.signal });
    } catch (error) {
      // The headers may not go where they were to go; a call says so to the caller.
      const code = isKeywardError(error) ? error.code : "internal";
      logger.warn("list_failed", { server_id: server.id, list: kind, code });
      return { kind: "refused" };
    } finally {
      cancel();
    }
  }

  function settle(entry: Entry, outcome: ListOutcome, catalogue: Items): boolean {
    const isListed = outcome.kind === "listed";
    entry.restsUntil = entry.isExpired ? 0 : clock.now() + (isListed ? FRESH_MS : PAUSE_AFTER_FAILURE_MS);
    if (!isListed) {
      return false;
    }
    const items = isSameList(outcome.items, catalogue) ? catalogue : outcome.items;
    const given = [entry.items ?? entry.before, entry.items === null && entry.isLate ? catalogue : null];
    entry.items = items;
    return given.some((earlier) => earlier !== null && !isSameList(earlier, items));
  }

  async function obtain(
    key: string,
    entry: Entry,
    identity: Identity,
    server: Server,
    headers: CallHeaders,
    kind: ListKind,
  ) {
    const catalogue = server.discovered?.[kind] ?? [];
    const outcome = await ask(server, headers, kind);
    const isChanged = settle(entry, outcome, catalogue);
    if (entry.items !== null && cache.get(key) === entry) {
      const weight = entry.items === catalogue ? 0 : fingerprintOf(entry.items).length;
      cache.set(key, entry, ENTRY_WEIGHT + weight);
    }
    if (outcome.kind === "listed" && kind === "tools" && entry.items !== null && entry.items !== catalogue) {
      sawTools(server, entry.items);
    }
    if (isChanged) {
      changes.changed({ serverId: server.id, identity }, [CHANGED[kind]]);
    }
  }

  function start(...[key, entry, ...rest]: Parameters<typeof obtain>): void {
    entry.isExpired = false;
    entry.underWay = obtain(key, entry, ...rest).finally(() => {
      entry.underWay = null;
      entry.isLate = false;
    });
  }

  function inTime(entry: Entry, request: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.schedule(timeBoxMs, () => {
        entry.isLate = true;
        resolve();
      });
      void request.finally(() => {
        cancel();
        resolve();
      });
    });
  }

  return {
    async list(identity, server, headers, kind) {
      const { credential } = headers;
      const key = keyOf(identity, server.id, kind);
      const entry = entryFor(key, server, credential === null ? "" : `${credential.id}/${credential.version}`);
      if (entry.underWay === null && clock.now() >= entry.restsUntil) {
        start(key, entry, identity, server, headers, kind);
      }
      // Who comes after somebody has waited in vain does not wait: a server that hangs costs one list, not each.
      if (entry.underWay !== null && !entry.isLate) {
        await inTime(entry, entry.underWay);
      }
      return entry.items ?? server.discovered?.[kind] ?? [];
    },

    peek(identity, server, kind) {
      const entry = cache.get(keyOf(identity, server.id, kind));
      return entry?.serverVersion === server.version ? entry.items : null;
    },

    expire(identity, serverId) {
      for (const kind of Object.keys(CHANGED) as ListKind[]) {
        const entry = cache.get(keyOf(identity, serverId, kind));
        if (entry !== undefined) {
          entry.restsUntil = 0;
          entry.isExpired = true;
        }
      }
    },
  };
}

function keyOf(identity: Identity, serverId: string, kind: ListKind): string {
  return JSON.stringify([identityKey(identity), serverId, kind]);
}
