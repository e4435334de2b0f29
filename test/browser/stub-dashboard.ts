import { type HttpBindings, serve } from "@hono/node-server";
import { Hono } from "hono";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { HttpEnv } from "../../src/http/context.ts";
import { setResponseHeaders } from "../../src/http/front.ts";
import { mountPages } from "../../src/http/pages.ts";
import { systemRandom } from "../../src/server/system.ts";

const built = (page: string) => ({ directory: fileURLToPath(new URL(`../../dist/web/${page}/`, import.meta.url)) });

interface ApiRequest {
  /** `GET /api/v1/me` */
  readonly call: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly csrf: string | null;
}

interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** `lost`: the connection breaks. `pending`: no answer comes while the test lasts. */
export type Reply = ApiAnswer | "lost" | "pending" | ((request: ApiRequest) => ApiAnswer);

export interface StubDashboard {
  readonly origin: string;
  readonly requests: readonly ApiRequest[];
  /** By call, such as `GET /api/v1/me`. What is not here is answered by 404. */
  readonly api: Map<string, Reply>;
  close(): Promise<void>;
}

/** The built pages as the gateway serves them, in front of an API that answers what the test says. */
export async function startStubDashboard(publicUrl = "https://keys.example.com"): Promise<StubDashboard> {
  const api: StubDashboard["api"] = new Map();
  const requests: ApiRequest[] = [];
  const app = new Hono<HttpEnv>();
  app.use(setResponseHeaders("http://127.0.0.1"));
  app.all("/api/*", async (c) => {
    const text = await c.req.text();
    const request: ApiRequest = {
      call: `${c.req.method} ${c.req.path}`,
      query: new URL(c.req.url).searchParams,
      body: text === "" ? null : JSON.parse(text),
      csrf: c.req.header("keyward-csrf") ?? null,
    };
    requests.push(request);
    const found = api.get(request.call) ?? refused(404, "not_found", "There is nothing here.");
    const reply = typeof found === "function" ? found(request) : found;
    if (reply === "pending") return new Promise<Response>(() => {});
    if (reply === "lost") {
      (c.env as unknown as HttpBindings).incoming.destroy();
      return new Promise<Response>(() => {});
    }
    return reply.body === undefined
      ? c.body(null, reply.status as 204)
      : c.json(reply.body as object, reply.status as 200);
  });
  mountPages(app, { connectPage: built("connect"), dashboard: built("dashboard"), random: systemRandom, publicUrl });

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    api,
    async close() {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function ok(body: unknown, status = 200): ApiAnswer {
  return { status, body };
}

export function refused(status: number, code: string, message: string, details: object = {}): ApiAnswer {
  return { status, body: { error: { code, message, details } } };
}
