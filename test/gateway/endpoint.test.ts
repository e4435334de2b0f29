import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import {
  aServer,
  bearer,
  JSON_TYPE,
  legacy,
  type Listener,
  listen,
  modern,
  NOW,
  type RawAnswer,
  type RawRequest,
  readyWith,
  REQUEST_ID,
  rpc,
  send,
  World,
} from "./gateway-fixture.ts";

let world: World;
let gate: Listener;
let key: string;

beforeEach(async () => {
  world = new World();
  key = world.addKey("vk_ann");
  world.servers.push(aServer("github"));
  gate = await listen(world);
});

afterEach(() => gate.close());

function errorOf(answer: RawAnswer): { code: number; message: string; data?: unknown } {
  return answer.body?.["error"] as unknown as { code: number; message: string; data?: unknown };
}

const post = (body: string | Uint8Array, ...headers: (readonly [string, string])[]): RawRequest => ({
  headers: [bearer(key), ...(headers.length === 0 ? [JSON_TYPE] : headers)],
  body,
});

describe("before the body is read", () => {
  it("a request without a credential is a 401 that names the scheme, for any method and path", async () => {
    for (const method of ["POST", "GET", "DELETE", "OPTIONS"]) {
      for (const path of ["/mcp", "/mcp/github", "/mcp/nope", "/mcp//x"]) {
        const answer = await send(gate, { method, path });
        expect([answer.status, answer.headers["www-authenticate"]], `${method} ${path}`).toEqual([
          401,
          expect.stringMatching(/^Bearer resource_metadata="/),
        ]);
        expect(answer.body).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32600 } });
      }
    }
  });

  it("a store that cannot be asked who calls is a 503, never a 401", async () => {
    world.errors.keys = new KeywardError("credential_store_unavailable", { cause: new Error("disk gone") });
    const answer = await send(gate, legacy(key, "ping"));
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([503, undefined]);
    expect(errorOf(answer)).toMatchObject({
      code: -32603,
      data: { code: "credential_store_unavailable", retryable: true },
    });
  });

  it("what nobody foresaw is a 500 that tells nothing but the request id, and so does the log", async () => {
    world.errors.keys = new TypeError("disk gone");
    const answer = await send(gate, legacy(key, "ping"));
    expect([answer.status, errorOf(answer).data]).toEqual([500, { code: "internal", retryable: false }]);
    expect(answer.text).not.toContain("disk gone");
    expect(world.lines).toEqual([
      {
        level: "error",
        event: "mcp_request_failed",
        fields: { request_id: REQUEST_ID, code: "internal", error: "TypeError" },
      },
      {
        level: "info",
        event: "mcp_request",
        fields: { request_id: REQUEST_ID, method: null, server_id: null, status: 500, ms: 0, by: null },
      },
    ]);
  });

  it("each request is one log line: who, which method that is served, how it ended, and nothing that was sent", async () => {
    await send(gate, legacy(key, "ping", { secret: "a-secret" }));
    await send(gate, legacy(key, "a-secret/method"));
    await send(gate, legacy(key, "tools/call", { name: "github-echo", arguments: { a: "a-secret" } }));
    await send(gate, legacy(key, "tools/call", { name: "a-secret-echo" }));
    const lines = world.lines.filter(({ event }) => event === "mcp_request").map(({ fields }) => fields);
    expect(lines).toEqual([
      expect.objectContaining({ method: "ping", status: 200, by: expect.stringMatching(/^virtual_key:/) }),
      expect.objectContaining({ method: null, status: 200 }),
      expect.objectContaining({ method: "tools/call", server_id: "srv_github", status: 200 }),
      expect.objectContaining({ method: "tools/call", server_id: null, status: 200 }),
    ]);
    expect(JSON.stringify(world.lines)).not.toContain("a-secret");
  });

  it("GET and DELETE outside a session, and every other method, are a 405", async () => {
    for (const method of ["GET", "DELETE", "PUT", "HEAD"]) {
      const answer = await send(gate, { method, headers: [bearer(key)] });
      expect([answer.status, answer.headers.allow]).toEqual([405, "POST, GET, DELETE"]);
    }
  });

  it("a key's rate limit is a 429 that says when to come back, and only for that key", async () => {
    const slow = world.addKey("vk_slow", { rateLimitPerMinute: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) {
      statuses.push((await send(gate, legacy(slow, "ping"))).status);
    }
    const refused = await send(gate, legacy(slow, "ping"));
    expect([...statuses, refused.status]).toEqual([200, 200, 429, 429]);
    expect(refused.headers["retry-after"]).toBe("60");
    const other = world.addKey("vk_other", { rateLimitPerMinute: 2 });
    for (const free of [key, other]) {
      expect((await send(gate, legacy(free, "ping"))).status).toBe(200);
    }
    world.now = NOW + 60_000;
    expect((await send(gate, legacy(slow, "ping"))).status).toBe(200);
  });

  it("each endpoint has one spelling: everything else is a 404", async () => {
    const paths = [
      "/mcp/",
      "/mcp/github/",
      "/mcp//github",
      "/mcp/%2e%2e/github",
      "/mcp/../mcp/github",
      "/mcp/./github",
      "/mcp/%67ithub",
      "/mcp/GitHub",
      "/mcp/git-hub",
      "/mcp/github%00",
      "/mcp;x=1",
      "/mcp/github/tools",
      "/mcpx",
      `/mcp/${"a".repeat(33)}`,
      `${gate.url}/mcp`,
    ];
    for (const path of paths) {
      const answer = await send(gate, legacy(key, "ping", {}, path));
      expect([answer.status, errorOf(answer).data], path).toEqual([404, { code: "not_found", retryable: false }]);
    }
    expect((await send(gate, legacy(key, "ping", {}, "/mcp?server=other"))).status).toBe(200);
    expect((await send(gate, legacy(key, "ping", {}, "/mcp/github?x"))).status).toBe(200);
  });

  it("a server that is not there and one that the caller may not use are the same 404", async () => {
    world.servers.push(aServer("secret"));
    world.denied.add("secret");
    const [unknown, denied] = await Promise.all(
      ["/mcp/nope", "/mcp/secret"].map((path) => send(gate, legacy(key, "ping", {}, path))),
    );
    expect(unknown?.status).toBe(404);
    expect(unknown?.body).toEqual(denied?.body);
    expect(unknown?.body).toMatchObject({ id: 1 });
  });

  it("only application/json in UTF-8 is taken", async () => {
    const types = [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/json-seq",
      "",
      "application/json; charset=latin1",
    ];
    for (const type of types) {
      expect((await send(gate, post(rpc("ping"), ["content-type", type]))).status, type).toBe(415);
    }
    expect((await send(gate, post(rpc("ping"), JSON_TYPE, ["content-encoding", "gzip"]))).status).toBe(415);
    expect((await send(gate, { headers: [bearer(key)], body: rpc("ping") })).status).toBe(415);
    for (const type of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"']) {
      expect((await send(gate, post(rpc("ping"), ["content-type", type]))).status, type).toBe(200);
    }
  });

  it("an Accept header must allow JSON, since there is no other answer", async () => {
    const statusFor = async (accept: string) =>
      (await send(gate, post(rpc("ping"), JSON_TYPE, ["accept", accept]))).status;
    for (const accept of [
      "application/json, text/event-stream",
      "*/*",
      "application/*;q=0.5",
      "text/html, APPLICATION/JSON",
    ]) {
      expect(await statusFor(accept), accept).toBe(200);
    }
    for (const accept of ["text/event-stream", "text/html", "application/json;q=0", "application/jsonx"]) {
      expect(await statusFor(accept), accept).toBe(400);
    }
  });
});

describe("the body", () => {
  it("malformed JSON is -32700 with HTTP 400 and is not quoted", async () => {
    const bodies = ["", "{", "kw_secret_text", '{"jsonrpc":"2.0",}', Buffer.from([0x22, 0xff, 0x22])];
    for (const body of bodies) {
      const answer = await send(gate, post(body));
      expect([answer.status, errorOf(answer).code, answer.body?.["id"]]).toEqual([400, -32700, null]);
      expect(answer.text).not.toContain("secret_text");
    }
  });

  it("a batch is -32600, and none of its messages is served", async () => {
    for (const body of [`[${rpc("ping")},${rpc("tools/call", { name: "github-echo" }, 2)}]`, "[]"]) {
      const answer = await send(gate, post(body));
      expect([answer.status, errorOf(answer).code]).toEqual([400, -32600]);
    }
    expect(world.initiations).toBe(0);
  });

  it("what is no JSON-RPC message is -32600", async () => {
    const bodies = [
      "null",
      "1",
      '"x"',
      "{}",
      '{"jsonrpc":"1.0","id":1,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}',
      '{"jsonrpc":"2.0","id":{},"method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":7}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}',
      '{"jsonrpc":"2.0","id":1}',
    ];
    for (const body of bodies) {
      const answer = await send(gate, post(body));
      expect([answer.status, errorOf(answer).code], body).toEqual([400, -32600]);
    }
  });

  it("64 levels are read and 65 are not, however deep", async () => {
    const nested = (levels: number) =>
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${"[".repeat(levels - 2)}${"]".repeat(levels - 2)}}}`;
    expect((await send(gate, post(nested(64)))).status).toBe(200);
    for (const levels of [65, 200_000]) {
      const answer = await send(gate, post(nested(levels)));
      expect([answer.status, errorOf(answer).code]).toEqual([400, -32600]);
    }
  });

  it("4 MB are read and one byte more is a 413, announced or not", async () => {
    const limit = 4 * 1024 * 1024;
    const padded = (size: number) => rpc("ping").padEnd(size, " ");
    expect((await send(gate, post(padded(limit)))).status).toBe(200);
    expect((await send(gate, post(padded(limit + 1)))).status).toBe(413);
    const chunked = await send(gate, post(padded(limit + 1), JSON_TYPE, ["transfer-encoding", "chunked"]));
    expect([chunked.status, errorOf(chunked).data]).toEqual([413, { code: "payload_too_large", retryable: false }]);
  });

  it("unknown members are ignored and the id comes back as it went", async () => {
    for (const id of [0, -1, "", "a", "1", Number.MAX_SAFE_INTEGER]) {
      const body = JSON.stringify({ jsonrpc: "2.0", id, method: "ping", extra: { a: 1 }, params: { b: 2 } });
      expect((await send(gate, post(body))).body).toEqual({ jsonrpc: "2.0", id, result: {} });
    }
  });

  it("notifications and responses are a 202 without a body", async () => {
    const bodies = [
      '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
      '{"jsonrpc":"2.0","method":"notifications/unheard-of"}',
      '{"jsonrpc":"2.0","id":1,"result":{}}',
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
    ];
    for (const body of bodies) {
      const answer = await send(gate, post(body));
      expect([answer.status, answer.text, answer.headers["content-type"]], body).toEqual([202, "", undefined]);
    }
  });
});

describe("every answer", () => {
  it("forbids caches and sniffing, and carries the request id", async () => {
    const requests: RawRequest[] = [
      {},
      { method: "GET", headers: [bearer(key)] },
      legacy(key, "ping"),
      legacy(key, "tools/list"),
      post("{"),
      post('{"jsonrpc":"2.0","method":"notifications/initialized"}'),
      modern(key, "nope"),
    ];
    for (const request of requests) {
      const { headers } = await send(gate, request);
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": REQUEST_ID,
      });
      expect(headers["mcp-session-id"]).toBeUndefined();
    }
  });
});

describe("a client that goes away", () => {
  async function leaveDuring(request: RawRequest): Promise<AbortSignal | undefined> {
    const started = Promise.withResolvers<AbortSignal | undefined>();
    const release = Promise.withResolvers<void>();
    world.resolve({ mode: "virtual_key", id: "vk_ann" }, world.servers[0]!, readyWith(world.servers[0]!, "v"));
    world.upstream = async ({ signal }) => {
      started.resolve(signal);
      await release.promise;
      return { kind: "result", result: { content: [] } };
    };
    const controller = new AbortController();
    const { path = "/mcp", headers = [], body = "" } = request;
    const pending = fetch(gate.url + path, {
      method: "POST",
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      body: body as string,
      signal: controller.signal,
    }).catch(() => null);
    const signal = await started.promise;
    const left = gate.clientLeft();
    controller.abort();
    await Promise.all([pending, left]);
    release.resolve();
    return signal;
  }

  it("cancels its call when it is modern", async () => {
    expect((await leaveDuring(modern(key, "tools/call", { name: "github-echo" })))?.aborted).toBe(true);
  });

  it("does not when it is legacy: there a disconnect is no cancellation", async () => {
    expect((await leaveDuring(legacy(key, "tools/call", { name: "github-echo" })))?.aborted).toBe(false);
  });
});

describe("use of a key and of a credential", () => {
  it("is noted after the answer, and its failure changes nothing but the log", async () => {
    const [server] = world.servers;
    world.resolve({ mode: "virtual_key", id: "vk_ann" }, server!, readyWith(server!, "v"));
    await send(gate, legacy(key, "tools/call", { name: "github-echo" }));
    expect(world.touched).toEqual(["vk_ann", "cred_github"]);
    world.errors.touch = new Error("disk gone");
    expect((await send(gate, legacy(key, "ping"))).status).toBe(200);
    await expect.poll(() => world.lines.map(({ event }) => event)).toContain("touch_failed");
    expect(JSON.stringify(world.lines)).not.toContain("disk gone");
  });
});
