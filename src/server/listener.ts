import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ERROR_TABLE, KeywardError, type ErrorCode } from "../core/errors.ts";
import type { Logger } from "../core/ports.ts";

/** What is known of a request before anything of it is believed. */
export interface RequestContext {
  readonly requestId: string;
  /** Client address, by the socket or a listed proxy; null when the socket is gone already. */
  readonly address: string | null;
  /** The path as it came over the wire: not decoded, not normalised, without the query. Routes and scopes rest on it. */
  readonly rawPath: string;
}

/** Answers a request. May throw: the listener then answers for it. */
export type Handler = (request: IncomingMessage, response: ServerResponse, context: RequestContext) => Promise<void>;

export interface Listener {
  readonly port: number;
  /** Requests that arrive before this get 503. */
  handle(handler: (request: IncomingMessage, response: ServerResponse) => Promise<void>): void;
  /** How many requests are being answered. */
  readonly underWay: number;
  /** Resolves once no request is being answered. */
  whenIdle(): Promise<void>;
  /** Takes no connection any more, and cuts what is left. */
  close(): Promise<void>;
}

// A header block is read before anything is known of its sender.
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 32_768;

/** @throws KeywardError `port_in_use`, `config_invalid` */
export async function listen(host: string, port: number, logger: Logger): Promise<Listener> {
  let handler: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async (_request, response) => {
    refuse(response, "credential_store_unavailable");
  };
  let underWay = 0;
  let idle = Promise.withResolvers<void>();
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => {
      underWay += 1;
      response.once("close", () => {
        underWay -= 1;
        if (underWay === 0) {
          idle.resolve();
          idle = Promise.withResolvers();
        }
      });
      handler(request, response).catch((error: unknown) => {
        logger.error("request_failed", { error: error instanceof Error ? error.name : "unknown" });
        refuse(response, "internal");
      });
    },
  );
  await bind(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    handle(next) {
      handler = next;
    },
    get underWay() {
      return underWay;
    },
    whenIdle: () => (underWay === 0 ? Promise.resolve() : idle.promise),
    close: () => close(server),
  };
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): KeywardError {
  if (error.code === "EADDRINUSE") {
    return new KeywardError("port_in_use", {
      message: `${host}:${port} is in use. Stop what listens there, or choose another port with --port.`,
      cause: error,
    });
  }
  return new KeywardError("config_invalid", {
    message: `Cannot listen on ${host}:${port} (${error.code ?? "unknown"}). Check KEYWARD_HOST and KEYWARD_PORT.`,
    cause: error,
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The error body of the REST API, for answers that are given before a route is known. */
export function refuse(response: ServerResponse, code: ErrorCode): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, message } = ERROR_TABLE[code];
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // Another replica, or the next start of this one.
    ...(code === "shutting_down" ? { "retry-after": "1" } : {}),
    // The body of a refused request is never read: the connection cannot be used for another one.
    connection: "close",
  });
  response.end(JSON.stringify({ error: { code, message } }));
}
