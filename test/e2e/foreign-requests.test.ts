import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callTool } from "../helpers/rpc.ts";
import { beginSession } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* Requests that a browser was talked into, or that came by another name: they are refused by their head alone. */

let scene: Scene;
let session: Readonly<Record<string, string>>;
let sockets: Socket[];

beforeEach(async () => {
  sockets = [];
  scene = await setScene();
  session = (await beginSession(scene.gateway, scene.alice.key)).headers;
});

afterEach(async () => {
  sockets.forEach((socket) => socket.destroy());
  await scene.close();
});

/**
 * Sends the head of a request and nothing of its body, which it says is to come.
 * @returns what is answered, until the other side closes
 */
function sendHead(method: string, path: string, headers: readonly (readonly [string, string])[]): Promise<string> {
  const body = method === "POST" ? [["content-length", "100"] as const] : [];
  const lines = [...headers, ...Object.entries(session), ...body].map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(scene.gateway.url).port), "127.0.0.1");
    sockets.push(socket);
    let answer = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(answer));
    socket.write(
      `${method} ${path} HTTP/1.1\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n${lines.join("")}\r\n`,
    );
  });
}

const WAYS = ["POST", "GET", "DELETE"].flatMap((method) =>
  ["/mcp", "/mcp/notes"].map((path): [string, string] => [method, path]),
);

describe.each(WAYS)("%s %s", (method, path) => {
  const own = (): string => new URL(scene.gateway.url).host;

  function expectRefused(answer: string, status: number, code: string): void {
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).not.toMatch(/event-stream|mcp-session-id/i);
  }

  it("A45: is refused before its body is read when it is for a foreign host", async () => {
    const port = own().split(":")[1] ?? "";
    for (const host of ["evil.example", `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `localhost:1`, ""]) {
      expectRefused(await sendHead(method, path, [["host", host]]), 403, "foreign_host");
    }
  });

  it("A45: is refused before its body is read when it comes from a foreign origin", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      `http://${own()}.evil.example`,
      `https://${own()}`,
      "file://",
    ]) {
      const headers = [
        ["host", own()],
        ["origin", origin],
      ] as const;
      expectRefused(await sendHead(method, path, headers), 403, "foreign_origin");
    }
  });

  it("A46: is refused when its host is two, or is written so that readers differ", async () => {
    const heads: readonly (readonly [string, string])[][] = [
      [
        ["host", own()],
        ["host", "evil.example"],
      ],
      ...[`${own()}#evil.example`, `${own()}?a`, `evil.example@${own()}`, `${own()}@evil.example`, `${own()}/`].map(
        (host): [string, string][] => [["host", host]],
      ),
    ];
    for (const head of heads) {
      const answer = await sendHead(method, path, head);
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
      expect(answer).not.toMatch(/event-stream|mcp-session-id/i);
    }
  });
});

it("A45: none of them has ended the session or read anything", async () => {
  for (const method of ["POST", "GET", "DELETE"]) {
    await sendHead(method, "/mcp", [["host", "evil.example"]]);
  }
  const list = await fetch(`${scene.gateway.url}/mcp`, {
    method: "POST",
    headers: { ...session, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  expect(await list.text()).toContain("notes-whoami");
});

const FORWARDED = {
  "x-forwarded-host": "evil.example",
  "x-forwarded-proto": "https",
  "x-forwarded-port": "443",
  "x-forwarded-uri": "/mcp/other",
  "x-original-url": "/mcp/other",
  "x-rewrite-url": "/healthz",
  "x-forwarded-for": "203.0.113.9",
  forwarded: "host=evil.example;proto=https;for=203.0.113.9",
};

describe("A46: what a peer that is not listed says was forwarded", () => {
  it("moves no link and no route", async () => {
    const { alice, gateway } = scene;
    const call = (headers: Record<string, string>, path = "/mcp"): Promise<Response> =>
      fetch(gateway.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${alice.key}`, "content-type": "application/json", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "notes-whoami" } }),
      });
    const text = await (await call(FORWARDED)).text();
    expect(text).toContain(`${gateway.url}/connect/`);
    expect(text).not.toContain("evil.example");
    expect((await call(FORWARDED, "/mcp/other")).status).toBe(404);
    expect((await callTool(gateway, alice.key, "notes-whoami")).text).toContain(`${gateway.url}/connect/`);
    expect(gateway.log()).not.toContain("203.0.113.9");
  });

  it("lets nobody in", async () => {
    for (const method of ["POST", "GET", "DELETE"]) {
      const { status } = await fetch(`${scene.gateway.url}/mcp`, { method, headers: FORWARDED });
      expect(status).toBe(401);
    }
  });
});
