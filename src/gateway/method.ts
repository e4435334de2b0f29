import type { JsonObject } from "../core/json.ts";
import type { Exchange } from "./call.ts";
import type { RpcAnswer } from "./jsonrpc.ts";

/** Answers one request; it throws KeywardError when the store cannot be asked. */
export type Method = (exchange: Exchange, params: JsonObject) => RpcAnswer | Promise<RpcAnswer>;

/** A method by its name. */
export type NamedMethod = readonly [name: string, method: Method];
