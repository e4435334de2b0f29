import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
} from "@modelcontextprotocol/node";
import { createMcpHandler, createRequestStateCodec, isLegacyRequest } from "@modelcontextprotocol/server";
import { createEventStore } from "./fixture/event-store.ts";
import type { RoundState } from "./fixture/input-required-tools.ts";
import { createFixture, type Shared } from "./fixture/mcp-server.ts";

/** The header that every request has to carry. */
export const FIXTURE_HEADER = "x-api-key";

export interface FixtureServer {
  /** `http://127.0.0.1:<port>/mcp` */
  readonly url: string;
  close(): Promise<void>;
}

/** What a server gets is never without these two; Node's type also covers the answers that a client gets. */
type ServedRequest = IncomingMessage & { readonly method: string; readonly url: string };

interface Session {
  readonly transport: NodeStreamableHTTPServerTransport;
  /** The key that opened it: a session is no credential, so that it is known under no other. */
  readonly key: string;
}

/**
 * The server that the conformance suite tests, on the official SDK and a free port of loopback: revision 2026-07-28
 * without sessions, and the older ones with sessions, the stream of their own and resumption.
 *
 * @param accepts which values of `x-api-key` are good; every other request is answered with 401
 */
export async function startFixtureServer(accepts: (value: string) => boolean): Promise<FixtureServer> {
  const sessions = new Map<string, Session>();
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();

  const states = createRequestStateCodec<RoundState>({ key: randomBytes(32) });
  const modern = createMcpHandler(() => createFixture("modern", shared), { legacy: "reject" });
  const shared: Shared = { listChanges: modern.notify, states };
  const serveModern = toNodeHandler(modern);

  async function serve(request: ServedRequest, response: ServerResponse): Promise<void> {
    if (!isLocalHost(request, response) || !isLocalOrigin(request, response)) {
      return;
    }
    const key = request.headers[FIXTURE_HEADER];
    if (typeof key !== "string" || !accepts(key)) {
      response.writeHead(401, { "www-authenticate": "Bearer" }).end();
      return;
    }
    const body: unknown = request.method === "POST" ? await readJson(request) : undefined;
    if (await isLegacyRequest(await toWebRequest(request, body ?? {}), body)) {
      await serveLegacy(request, response, body, key);
    } else {
      await serveModern(request, response, body);
    }
  }

  async function serveLegacy(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    key: string,
  ): Promise<void> {
    const sessionId = request.headers["mcp-session-id"];
    if (sessionId === undefined) {
      await (await openSession(key)).handleRequest(request, response, body);
      return;
    }
    const session = sessions.get(String(sessionId));
    if (session === undefined || session.key !== key) {
      const error = { code: -32_001, message: "Session not found" };
      response.writeHead(404, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: null, error }));
      return;
    }
    await session.transport.handleRequest(request, response, body);
  }

  async function openSession(key: string): Promise<NodeStreamableHTTPServerTransport> {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
      retryInterval: 100,
      onsessioninitialized: (id) => void sessions.set(id, { transport, key }),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createFixture("legacy", shared).connect(transport);
    return transport;
  }

  const server = createServer((request, response) => {
    serve(request as ServedRequest, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      await Promise.all([...sessions.values()].map(({ transport }) => transport.close()));
      await modern.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) body += String(chunk);
  return JSON.parse(body);
}
