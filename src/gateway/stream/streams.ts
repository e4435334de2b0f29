import type { ServerResponse } from "node:http";
import type { Caller, Callers } from "../../core/callers.ts";
import type { Completions } from "../../core/completions.ts";
import { KeywardError } from "../../core/errors.ts";
import { identityKey, type Identity } from "../../core/identity.ts";
import type { Clock, Logger, ServerMessage, Upstream } from "../../core/ports.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { Server } from "../../core/server.ts";
import type { AccessStore } from "../../core/access-port.ts";
import type { ListChanges } from "../all/list-changes.ts";
import type { Scope } from "../exchange.ts";
import type { LiveSessions } from "../session/live-sessions.ts";
import { ownPeer } from "../session/peer.ts";
import type { SessionFacts } from "../session/session-id.ts";
import { type EventStream, openEventStream, type ReplayedEvent } from "./event-stream.ts";
import { createKeepAlive } from "./keep-alive.ts";
import { createKeyWatch } from "./key-watch.ts";
import { listChanged } from "./subscription.ts";

export interface StreamParts {
  readonly callers: Callers;
  readonly store: Pick<AccessStore, "findAccess">;
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
  readonly caller: Caller;
  readonly session: SessionFacts;
  readonly scope: Scope;
  readonly lastEventId: string | null;
  readonly response: ServerResponse;
  readonly requestId: string;
}

/** The answer that becomes a stream, and whose it is. */
interface StreamTarget {
  readonly caller: Caller;
  readonly response: ServerResponse;
  readonly requestId: string;
}

/** Every event stream to a client. Those that stand have no end of their own; the others end with an answer. */
export interface Streams {
  /** Begins an answer as an event stream. */
  open(target: StreamTarget): EventStream;
  /** Opens a session's own stream. @returns false when the caller has too many */
  listen(listener: Listener): boolean;
  /**
   * Lets a stream that was opened for a subscription stand.
   * @throws KeywardError `rate_limited` when the caller has too many
   */
  stand(identity: Identity, open: () => EventStream): EventStream;
  /** Ends the streams of an identity, and the calls that are answered on one: it may call no more (promise P8). */
  endOf(identity: Identity): void;
  /** How many are open. */
  count(): StreamCounts;
  /** Ends what may not stay open any more, since something has changed. */
  review(): void;
  /** Ends the streams that stand: the process is about to stop. Those that answer a call end with their answer. */
  close(): void;
}

/** Since when a stream may begin with an id and no message (SEP-1699). */
const PRIMED_REVISION = "2025-11-25";

/** Streams of an identity that stand outside of sessions. */
const MAX_SUBSCRIPTIONS = 20;

export type StreamCounts = Readonly<Record<OpenStream["kind"], number>>;

interface OpenStream {
  readonly owner: string;
  /** An answer has an end of its own; the other two stand. */
  readonly kind: "answer" | "session" | "subscription";
  /** Breaks the connection. */
  readonly cut: () => void;
}

export function createStreams(parts: StreamParts): Streams {
  const { sessions, listChanges, clock } = parts;
  const keepAlive = createKeepAlive(clock);
  const keyWatch = createKeyWatch(parts);
  const all = new Map<EventStream, OpenStream>();
  let isClosed = false;

  function open({ caller, response, requestId }: StreamTarget, replay: readonly ReplayedEvent[] = []): EventStream {
    const stream = openEventStream(response, { requestId, keepAlive, replay });
    const owner = identityKey(caller.identity);
    all.set(stream, { owner, kind: "answer", cut: () => void response.destroy() });
    const unwatch = keyWatch.add({ request: response.req, caller }, () => end(stream));
    void stream.closed.then(() => {
      all.delete(stream);
      unwatch();
    });
    return stream;
  }

  function keep(stream: EventStream, kind: OpenStream["kind"]): EventStream {
    const entry = all.get(stream);
    if (entry !== undefined) all.set(stream, { ...entry, kind });
    if (isClosed) stream.end();
    return stream;
  }

  function end(stream: EventStream): void {
    const entry = all.get(stream);
    if (entry?.kind === "answer") entry.cut();
    else stream.end();
  }

  function endWhere(matches: (entry: OpenStream) => boolean): void {
    all.forEach((entry, stream) => {
      if (matches(entry)) end(stream);
    });
  }

  return {
    open: (target) => open(target),

    stand(identity, begin) {
      const owner = identityKey(identity);
      const own = [...all.values()].filter((entry) => entry.owner === owner && entry.kind === "subscription");
      if (own.length >= MAX_SUBSCRIPTIONS) {
        throw new KeywardError("rate_limited", { message: "Too many streams are open." });
      }
      return keep(begin(), "subscription");
    },

    listen({ caller, session, scope, lastEventId, response, requestId }) {
      const { identity } = caller;
      const live = sessions.of(session, identity);
      let isResumed = false;
      const stream = sessions.attach(live, lastEventId, ({ replay, eventId, isKnown }) => {
        isResumed = isKnown;
        const opened = open({ caller, response, requestId }, replay);
        // What to resume from before anything was said. Older revisions do not expect an event without a message.
        if (session.protocolVersion === PRIMED_REVISION) opened.hint({ eventId });
        return opened;
      });
      if (stream === null) {
        return false;
      }
      keep(stream, "session");
      live.hear(() =>
        listChanges.subscribe(identity, (lists) =>
          lists.forEach((list) => live.send(JSON.stringify(listChanged(list)))),
        ),
      );
      if (scope.kind === "all") {
        void stream.closed.then(parts.watch(identity));
      }
      if (scope.kind === "one") {
        // An id of Keyward's own means nothing to the server.
        relay(parts, stream, {
          identity,
          session,
          server: scope.access.server,
          lastEventId: isResumed ? null : lastEventId,
        });
      }
      return true;
    },

    endOf(identity) {
      const owner = identityKey(identity);
      endWhere((entry) => entry.owner === owner);
    },

    count() {
      const counts = { answer: 0, session: 0, subscription: 0 };
      all.forEach(({ kind }) => (counts[kind] += 1));
      return counts;
    },

    review: () => keyWatch.look(),

    close() {
      isClosed = true;
      endWhere(({ kind }) => kind !== "answer");
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
