import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../core/callers.ts";
import type { JsonObject } from "../core/json.ts";
import type { Server } from "../core/server.ts";
import type { Access } from "../core/access-port.ts";
import type { RpcAnswer, RpcRequest } from "./jsonrpc.ts";
import type { Client } from "./negotiate.ts";
import type { SessionFacts } from "./session/session-id.ts";
import type { Channel } from "./stream/channel.ts";
import type { CallOutcome } from "./visit.ts";

/** What a request may reach: every server of its caller, names prefixed; or one server, as it is. */
export type Scope = { readonly kind: "all" } | { readonly kind: "one"; readonly access: Access };

/** One request, with everything that is known about it. */
export interface Exchange {
  readonly caller: Caller;
  readonly client: Client;
  readonly scope: Scope;
  readonly message: RpcRequest;
  /** The legacy session that it came in; null = none. */
  readonly session: SessionFacts | null;
  /** The way back. */
  readonly channel: Channel;
  /** Of the client's request. None goes on; those that mirror parameters are compared with them. */
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  readonly address: string | null;
  /** Aborts when a modern client goes away, or a legacy one cancels. */
  readonly signal: AbortSignal;
  /** Notes, for log and metrics, which server a call went to. */
  readonly sawServer: (server: Server) => void;
  /** The same for what became of it; without a word, what is answered decides. */
  readonly cameTo: (outcome: CallOutcome) => void;
  /** Runs a task once the answer is out. Best effort. */
  afterwards(task: () => Promise<void>): void;
}

/** What a method comes to: an answer, or null when it has been sent on the channel already. */
export type Answered = RpcAnswer | null;

/** Answers one request; it throws KeywardError when the store cannot be asked. */
export type Method = (exchange: Exchange, params: JsonObject) => Answered | Promise<Answered>;

/** A method by its name. */
export type NamedMethod = readonly [name: string, method: Method];
