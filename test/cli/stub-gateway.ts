import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  readonly method: string;
  /** Path with query, as it came. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** What the stub answers; a number alone is an answer without a body. */
export type StubAnswer = readonly [status: number, body?: unknown] | { readonly location: string };

export interface StubGateway {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
}

/**
 * A REST server that answers what the test says, on a free loopback port; it ends with the test.
 * @param routes `GET /api/v1/servers` (without the query) to its answer, or to what makes it
 */
export async function startStubGateway(
  routes: Readonly<Record<string, StubAnswer | ((request: SeenRequest) => StubAnswer)>>,
): Promise<StubGateway> {
  const seen: SeenRequest[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { method = "", url = "" } = request;
    const one: SeenRequest = {
      method,
      target: url,
      authorization: request.headers.authorization,
      body: text === "" ? undefined : JSON.parse(text),
    };
    seen.push(one);
    const route = routes[`${method} ${url.split("?", 1)[0]}`] ?? refusal(404, "not_found", "There is nothing here.");
    const answer = typeof route === "function" ? route(one) : route;
    if ("location" in answer) {
      response.writeHead(307, { Location: answer.location }).end();
      return;
    }
    const [status, body] = answer;
    const isText = typeof body === "string";
    response.writeHead(status, { "Content-Type": isText ? "text/html" : "application/json" });
    response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** An error answer of the REST API. */
export function refusal(status: number, code: string, message: string, details?: object): StubAnswer {
  return [status, { error: { code, message, details } }];
}

export function page(...items: readonly object[]): StubAnswer {
  return [200, { items, next_cursor: null }];
}
