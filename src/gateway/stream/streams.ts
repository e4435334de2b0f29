import type { ServerResponse } from "node:http";
import type { Completions } from "../../core/completions.ts";
import { identityKey, type Identity } from "../../core/identity.ts";
import type { Clock, Logger, ServerMessage, Upstream } from "../../core/ports.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { Server } from "../../core/server.ts";
import type { ListChanges } from "../all/list-changes.ts";
import type { Scope } from "../exchange.ts";
import type { LiveSessions } from "../session/live-sessions.ts";
import { ownPeer } from "../session/peer.ts";
import type { SessionFacts } from "../session/session-id.ts";
import { type EventStream, openEventStream, type ReplayedEvent } from "./event-stream.ts";
import { createKeepAlive } from "./keep-alive.ts";
import { listChanged } from "./subscription.ts";

export interface StreamParts {
  readonly sessions: LiveSessions;
  readonly listChanges: Pick<ListChanges, "subscribe">;
  readonly completions: Pick<Completions, "subscribe">;
  /** Listens to the caller's servers. @returns ends it */
  readonly watch: (identity: Identity) => () => void;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "listen">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A client that wants to hear what its session is told without asking (GET). */
interface Listener {
  readonly identity: Identity;
  readonly session: SessionFacts;
  readonly scope: Scope;
  readonly lastEventId: string | null;
  readonly response: ServerResponse;
  readonly requestId: string;
}

/** Every event stream to a client. */
export interface Streams {
  /** Begins an answer as an event stream. */
  open(response: ServerResponse, requestId: string, replay?: readonly ReplayedEvent[]): EventStream;
  /** Opens a session's own stream. @returns false when the caller has too many */
  listen(listener: Listener): boolean;
  /** Ends all of them: the process is about to stop. */
  close(): void;
}

export function createStreams(parts: StreamParts): Streams {
  const { sessions, listChanges, clock } = parts;
  const keepAlive = createKeepAlive(clock);
  const all = new Set<EventStream>();

  const open: Streams["open"] = (response, requestId, replay = []) => {
    const stream = openEventStream(response, { requestId, keepAlive, replay });
    all.add(stream);
    void stream.closed.then(() => all.delete(stream));
    return stream;
  };

  return {
    open,
    listen({ identity, session, scope, lastEventId, response, requestId }) {
      const live = sessions.of(session, identity);
      const stream = sessions.attach(live, lastEventId, ({ replay }) => open(response, requestId, replay));
      if (stream === null) {
        return false;
      }
      const stop = listChanges.subscribe(identity, (lists) =>
        lists.forEach((list) => live.send(JSON.stringify(listChanged(list)))),
      );
      const stopWatching = scope.kind === "all" ? parts.watch(identity) : () => {};
      void stream.closed.then(() => {
        stop();
        stopWatching();
      });
      if (scope.kind === "one") {
        relay(parts, stream, { identity, session, server: scope.access.server, lastEventId });
      }
      return true;
    },
    close() {
      all.forEach((stream) => stream.end());
    },
  };
}

interface Relayed {
  readonly identity: Identity;
  readonly session: SessionFacts;
  readonly server: Server;
  readonly lastEventId: string | null;
}

/**
 * Brings what a server says on its own stream to the client, as soon as there are values to listen with. Where the
 * server ends its stream, so does Keyward: the client comes back, and resumes where it stopped.
 */
function relay(parts: StreamParts, stream: EventStream, relayed: Relayed): void {
  const { resolver, upstream, completions, logger } = parts;
  const { identity, session, server, lastEventId } = relayed;
  let isListening = false;

  const pass = ({ kind, text, event }: ServerMessage): void | Promise<void> => {
    const { id = null, retryMs = null } = event ?? {};
    const fields = { ...(id === null ? {} : { eventId: id }), ...(retryMs === null ? {} : { retryMs }) };
    return kind === "hint" ? stream.hint(fields) : stream.send(text, fields);
  };

  const start = async (): Promise<void> => {
    if (isListening || !stream.isOpen) {
      return;
    }
    isListening = true;
    const resolution = await resolver.resolve(identity, server);
    if (resolution.kind !== "ready") {
      isListening = false;
      return;
    }
    const { signal } = stream;
    const options = { signal, ...(lastEventId === null ? {} : { lastEventId }) };
    const end = await upstream.listen(server, resolution.headers, ownPeer(session), pass, options);
    isListening = false;
    // A server that offers no stream leaves Keyward's own; any other end is told by ending it.
    const offersNone = end.kind === "refused" || (end.kind === "failed" && end.code === "upstream_protocol");
    if (!offersNone) {
      stream.end();
    }
  };

  const run = (): void =>
    void start().catch((error: unknown) => {
      isListening = false;
      logger.warn("listen_failed", { server_id: server.id, error: error instanceof Error ? error.name : "unknown" });
    });

  const stop = completions.subscribe((binding) => {
    if (binding.serverId === server.id && identityKey(binding.identity) === identityKey(identity)) run();
  });
  void stream.closed.then(stop);
  run();
}
