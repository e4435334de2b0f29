import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { responseHeaders } from "../../src/http/page-headers.ts";

const ASSETS = new URL("../../dist/web/connect/", import.meta.url);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

export interface StubAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** `lost`: the connection breaks before an answer. A promise that stays open keeps the page waiting. */
type StubReply = StubAnswer | "lost" | Promise<StubAnswer | "lost">;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface StubGateway {
  readonly origin: string;
  readonly requests: readonly SeenRequest[];
  /** The answers to `GET /flows/{id}`, `PUT /flows/{id}`, `GET /flows/{id}/status` and `GET /me` from now on. */
  readonly answers: { flow: StubReply; submit: StubReply; status: StubReply; me: StubReply };
  close(): Promise<void>;
}

/**
 * Serves the built page with the real headers and an API that answers what the test says. A request for the flow that
 * presents nothing is one of somebody who is not signed in, until `answers.me` says who is.
 */
export async function startStubGateway(): Promise<StubGateway> {
  const unset: StubReply = { status: 404, body: refusal("flow_not_found", "This link is unknown.").body };
  const answers: StubGateway["answers"] = { flow: unset, submit: unset, status: unset, me: SIGNED_OUT };
  const requests: SeenRequest[] = [];

  const { origin, close } = await listen(async (request, response) => {
    const path = request.url ?? "";
    const method = request.method ?? "";
    requests.push({ method, path, headers: request.headers, body: await bodyOf(request) });
    if (path === "/api/v1/me") return sendAnswer(response, await answers.me);
    if (path.startsWith("/api/v1/flows/")) {
      const isProven = request.headers.authorization ?? request.headers["keyward-session"];
      if (isProven === undefined && answers.me === SIGNED_OUT) return sendAnswer(response, UNPROVEN);
      const key = method === "PUT" ? "submit" : path.endsWith("/status") ? "status" : "flow";
      return sendAnswer(response, await answers[key]);
    }
    const file = path.startsWith("/connect/") ? "index.html" : path.replace("/assets/connect/", "");
    await sendFile(response, file);
  });
  return { origin, requests, answers, close };
}

/** A site of another origin that shows this html. */
export function startForeignSite(html: string): Promise<{ readonly origin: string; close(): Promise<void> }> {
  return listen((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/html" }).end(html);
  });
}

const SIGNED_OUT = refusal("unauthenticated", "Present one valid credential.", 401);
const UNPROVEN = refusal("opener_unknown", "Prove that this link is yours.", 401, { sign_in: true });

export function refusal(code: string, message: string, status = 422, details: object = {}): StubAnswer {
  return { status, body: { error: { code, message, details } } };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

async function listen(handler: Handler): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = createServer((request, response) => void handler(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

function sendAnswer(response: ServerResponse, answer: StubAnswer | "lost"): void {
  if (answer === "lost") {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(answer.body));
}

async function sendFile(response: ServerResponse, file: string): Promise<void> {
  const type = CONTENT_TYPES[file.split(".").pop() ?? ""];
  if (type === undefined || file.includes("/")) {
    response.writeHead(404).end();
    return;
  }
  response
    .writeHead(200, { ...responseHeaders("http://127.0.0.1").page, "Content-Type": type })
    .end(await readFile(new URL(file, ASSETS)));
}
