import type { ClientMessage, Upstream } from "../core/ports.ts";
import type { Resolver } from "../core/resolver.ts";
import type { RpcNotification, RpcResponse } from "./jsonrpc.ts";
import type { Client } from "./negotiate.ts";
import { ACCEPTED, type HttpAnswer } from "./respond.ts";
import { peerOf } from "./session/peer.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Sender } from "./visit.ts";

/** What a client says without asking: notifications, and answers to what its server asked. */
export interface Notices {
  /** @param client null for an answer */
  take(from: Sender, message: RpcNotification | RpcResponse, client: Client | null): Promise<HttpAnswer>;
  /** Tells the server that a client has ended its session. */
  ended(from: Sender): Promise<void>;
}

export function createNotices(parts: {
  readonly sessions: Sessions;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "exchange" | "endSession">;
}): Notices {
  const { sessions, resolver, upstream } = parts;

  /** On `/mcp` nothing goes on: a client talks to many servers there, and none has asked it for anything. */
  async function pass({ caller, scope, session }: Sender, message: ClientMessage): Promise<void> {
    if (scope.kind !== "one" || (session === null && message.era === "legacy")) {
      return;
    }
    const { server } = scope.access;
    const resolution = await resolver.resolve(caller.identity, server);
    if (resolution.kind === "ready") {
      await upstream.exchange(server, resolution.headers, peerOf({ scope, session }), message, () => {});
    }
  }

  /** The server first: a request that is no longer waited for would look like a lost connection to it. */
  function cancel({ caller, session }: Sender, message: RpcNotification | RpcResponse): void {
    if (session === null || message.kind !== "notification" || message.method !== "notifications/cancelled") {
      return;
    }
    const { requestId } = message.params;
    if (typeof requestId === "string" || typeof requestId === "number") {
      sessions.live.of(session, caller.identity).cancel(requestId);
    }
  }

  return {
    async take(from, message, client) {
      const isNotification = message.kind === "notification";
      await pass(from, {
        kind: message.kind,
        method: isNotification ? message.method : "",
        params: isNotification ? message.params : {},
        idText: null,
        text: message.text,
        era: client?.era ?? "legacy",
      });
      cancel(from, message);
      return ACCEPTED;
    },

    async ended({ caller, scope, session }) {
      if (scope.kind !== "one") {
        return;
      }
      const { server } = scope.access;
      const resolution = await resolver.resolve(caller.identity, server);
      if (resolution.kind === "ready") {
        await upstream.endSession(server, resolution.headers, peerOf({ scope, session }));
      }
    },
  };
}
