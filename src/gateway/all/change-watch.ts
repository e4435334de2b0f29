import type { Completions } from "../../core/completions.ts";
import { type Identity, identityKey } from "../../core/identity.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { ChangedList } from "../../core/list-change.ts";
import { SHARED_PEER } from "../../core/peer.ts";
import type { ClientMessage, Clock, ExchangeEnd, Logger, ServerMessage, Upstream } from "../../core/ports.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { Server } from "../../core/server.ts";
import type { Store } from "../../core/store-port.ts";

export interface ChangeWatchParts {
  readonly store: Pick<Store, "listAccess">;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "listen" | "exchange">;
  readonly completions: Pick<Completions, "subscribe">;
  /** Is told which lists of a server have changed for an identity. */
  readonly onChange: (identity: Identity, serverId: string, lists: readonly ChangedList[]) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Listens to what servers say of their lists, for as long as a client listens to Keyward. */
export interface ChangeWatch {
  /** However many streams an identity has open, each server is listened to once. @returns ends this watch */
  watch(identity: Identity): () => void;
}

interface Watched {
  readonly identity: Identity;
  watchers: number;
  /** By server: ends the listening. */
  readonly listening: Map<string, AbortController>;
}

/** An identity listens to so many servers at the most, and all identities together to so many. */
const MAX_OF_IDENTITY = 20;
const MAX_LISTENING = 2_000;
const AGAIN_AFTER_MS = 30_000;

const LISTS: readonly ChangedList[] = ["tools", "prompts", "resources"];

export function createChangeWatch(parts: ChangeWatchParts): ChangeWatch {
  const { store, resolver, completions, logger } = parts;
  const byIdentity = new Map<string, Watched>();
  let listening = 0;

  async function startAll(watched: Watched): Promise<void> {
    for (const { server } of await store.listAccess(watched.identity)) {
      start(watched, server);
    }
  }

  function start(watched: Watched, server: Server): void {
    const isFull = watched.listening.size >= MAX_OF_IDENTITY || listening >= MAX_LISTENING;
    if (watched.watchers === 0 || watched.listening.has(server.id) || isFull || listsToldOf(server).length === 0) {
      return;
    }
    const leaving = new AbortController();
    watched.listening.set(server.id, leaving);
    listening += 1;
    listen(parts, watched.identity, server, leaving.signal)
      .catch((error: unknown) => {
        logger.warn("watch_failed", { server_id: server.id, error: error instanceof Error ? error.name : "unknown" });
      })
      .finally(() => {
        listening -= 1;
        if (watched.listening.get(server.id) === leaving) watched.listening.delete(server.id);
      });
  }

  function run(watched: Watched): void {
    startAll(watched).catch(() => logger.warn("watch_failed", { error: "store" }));
  }

  // Whoever has just given values can be listened for from now on.
  completions.subscribe(({ identity }) => {
    const watched = byIdentity.get(identityKey(identity));
    if (watched !== undefined) run(watched);
  });

  return {
    watch(identity) {
      const key = identityKey(identity);
      const watched = byIdentity.get(key) ?? { identity, watchers: 0, listening: new Map<string, AbortController>() };
      byIdentity.set(key, watched);
      watched.watchers += 1;
      if (watched.watchers === 1) run(watched);
      return () => {
        watched.watchers -= 1;
        if (watched.watchers === 0) {
          byIdentity.delete(key);
          watched.listening.forEach((leaving) => leaving.abort());
        }
      };
    },
  };

  async function listen(
    { upstream, onChange, clock }: ChangeWatchParts,
    identity: Identity,
    server: Server,
    signal: AbortSignal,
  ): Promise<void> {
    const sink = ({ message }: ServerMessage): void => {
      const list = LISTS.find((name) => message["method"] === `notifications/${name}/list_changed`);
      if (list !== undefined) onChange(identity, server.id, [list]);
    };
    for (;;) {
      const resolution = await resolver.resolve(identity, server);
      if (resolution.kind !== "ready" || signal.aborted) {
        return;
      }
      const { headers } = resolution;
      const end: ExchangeEnd =
        server.discovered?.era === "modern"
          ? await upstream.exchange(server, headers, SHARED_PEER, subscription(server), sink, { signal })
          : await upstream.listen(server, headers, SHARED_PEER, sink, { signal });
      const offersNone = end.kind === "refused" || (end.kind === "failed" && end.code !== "upstream_unreachable");
      if (offersNone || signal.aborted) {
        return;
      }
      await pause(clock, signal);
    }
  }
}

function listsToldOf({ discovered }: Server): readonly ChangedList[] {
  const capabilities = discovered?.capabilities ?? {};
  return LISTS.filter((list) => {
    const capability = capabilities[list];
    return isJsonObject(capability) && capability["listChanged"] === true;
  });
}

/** What 2026-07-28 has instead of a stream of the session. The envelope is added on the way. */
function subscription(server: Server): ClientMessage {
  const notifications: JsonObject = Object.fromEntries(listsToldOf(server).map((list) => [`${list}ListChanged`, true]));
  const method = "subscriptions/listen";
  const params = { notifications };
  return {
    kind: "request",
    method,
    params,
    idText: "0",
    text: JSON.stringify({ jsonrpc: "2.0", id: 0, method, params }),
    era: "legacy",
  };
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.schedule(AGAIN_AFTER_MS, resolve, { isBackground: true });
  signal.addEventListener(
    "abort",
    () => {
      cancel();
      resolve();
    },
    { once: true },
  );
  return promise;
}
