import { describe, expect, it } from "vitest";
import { KeywardError } from "../../src/core/errors.ts";
import { mintToken } from "../../src/core/token.ts";
import { createScene, SERVER } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, errorOf, outcomeOf, PUBLIC_URL, random } from "./test-app.ts";

const KEYS = "/api/v1/virtual-keys";

describe("a body", () => {
  it("that is not JSON is refused, without being quoted", async () => {
    const { send } = await createTestApp();
    for (const body of [
      "",
      "{",
      `{"name":"canary-5522"`,
      "name=canary-5522",
      "\u0000",
      `{"name":canary-5522}`,
      "[1,]",
    ]) {
      const answer = await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body });
      expect(outcomeOf(answer), body).toBe("400 invalid_json");
      expect(answer.text).not.toContain("canary");
    }
  });

  it("of another shape is refused by naming the place and never what stands there", async () => {
    const { send } = await createTestApp();
    const bodies: [what: string, body: string, message: string][] = [
      ["no object", `[]`, "The body must be of type object."],
      ["null", `null`, "The body must be of type object."],
      ["a string", `"canary-5522"`, "The body must be of type object."],
      ["a missing key", `{}`, "name (body) must be of type string."],
      ["a wrong type", `{"name":["canary-5522"]}`, "name (body) must be of type string."],
      ["too much text", `{"name":"${"canary-5522".repeat(8)}"}`, "name (body) must be at most 80 characters long."],
      ["a fraction", `{"name":"n","rate_limit_per_minute":1.5}`, "rate_limit_per_minute (body) must be an integer."],
      ["an unknown key", `{"name":"n","limit":"canary-5522"}`, "The body has a key that is not documented: limit."],
      ["a value for a key", `{"name":"n","canary-5522":1}`, "The body has a key that is not documented."],
      ["__proto__", `{"name":"n","__proto__":{}}`, "The body has a key that is not documented."],
    ];
    for (const [what, body, message] of bodies) {
      const answer = await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body });
      expect([outcomeOf(answer), errorOf(answer).message], what).toEqual(["400 invalid_request", message]);
      expect(answer.text).not.toContain("canary");
    }
  });

  it("is refused with the path of what is wrong deep inside", async () => {
    const { send } = await createTestApp();
    const body = { ...SERVER, header_schema: [{ name: "X-A" }, { name: "X-B", required: "canary-5522" }] };
    const answer = await send("POST /api/v1/servers", { as: ADMIN_TOKEN, body });
    expect(errorOf(answer)).toEqual({
      code: "invalid_request",
      message: "header_schema[1].required (body) must be of type boolean.",
      details: { in: "body", path: "header_schema[1].required" },
    });
    const kind = await send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: { ...SERVER, auth_type: "canary-5522" } });
    expect(errorOf(kind).message).toBe("auth_type (body) must be one of none, headers, per_user_headers.");
  });

  it("is JSON by its type, whatever it holds", async () => {
    const { send } = await createTestApp();
    const body = JSON.stringify({ name: "n" });
    const types = [
      "text/plain",
      "text/plain;application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
      "application/problem+json",
      "",
    ];
    for (const type of types) {
      const answer = await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body, headers: { "Content-Type": type } });
      expect(outcomeOf(answer), type).toBe("415 unsupported_media_type");
    }
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=UTF-8"]) {
      const answer = await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body, headers: { "Content-Type": type } });
      expect(outcomeOf(answer), type).toBe("201");
    }
  });

  it("of 256 kB is read, of one byte more is not", async () => {
    const { send } = await createTestApp();
    const padded = (bytes: number): string => JSON.stringify({ name: "n" }).padEnd(bytes, " ");
    const limit = 256 * 1024;
    expect(outcomeOf(await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body: padded(limit) }))).toBe("201");
    expect(outcomeOf(await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, body: padded(limit + 1) }))).toBe(
      "413 payload_too_large",
    );
    const announced = await send(`POST ${KEYS}`, {
      as: ADMIN_TOKEN,
      body: "{}",
      headers: { "Content-Length": String(limit + 1) },
    });
    expect(outcomeOf(announced)).toBe("413 payload_too_large");
  });
});

describe("a path", () => {
  it("that is unknown is a 404, for everybody the same", async () => {
    const { send } = await createTestApp();
    for (const path of [
      "/api",
      "/api/v1",
      "/api/v1/",
      "/api/v2/servers",
      "/metrics",
      "/nope",
      "/connect",
      "/connect/",
      "/connect/a/b",
    ]) {
      const answer = await send(`GET ${path}`, { as: ADMIN_TOKEN });
      expect(answer.text, path).toBe(`{"error":{"code":"not_found","message":"There is nothing here."}}`);
    }
  });

  it("says which methods it answers", async () => {
    const { send } = await createTestApp();
    const allowed: Record<string, string> = {
      "POST /api/v1/flows/flow_x": "GET, PUT",
      "PATCH /api/v1/servers": "GET, POST",
      "PUT /api/v1/servers/srv_x": "DELETE, GET, PATCH",
      "GET /api/v1/setup": "POST",
      "OPTIONS /api/v1/me": "GET, PATCH",
      "HEAD /api/v1/me": "GET, PATCH",
      "DELETE /connect/flow_x": "GET, HEAD",
      "POST /healthz": "GET, HEAD",
    };
    for (const [request, allow] of Object.entries(allowed)) {
      const answer = await send(request, { as: ADMIN_TOKEN });
      expect([answer.status, answer.headers.get("allow")], request).toEqual([405, allow]);
    }
  });

  it("is decided as it came over the wire: what reads differently once decoded is no path", async () => {
    const { send } = await createTestApp();
    const disguises: [target: string, rawPath: string][] = [
      ["/api/v1/me", "/api/v1/%6de"],
      ["/api/v1/me", "/api/v1/./me"],
      ["/api/v1/me", "/connect/../api/v1/me"],
      ["/api/v1/me", "/connect/%2e%2e/api/v1/me"],
      ["/api/v1/%6de", "/api/v1/%6de"],
      ["/api/v1/me", "/api/v1/me/"],
      ["/api/v1/me", "//api/v1/me"],
    ];
    for (const [target, rawPath] of disguises) {
      expect(outcomeOf(await send(`GET ${target}`, { as: ADMIN_TOKEN, rawPath })), rawPath).toBe("404 not_found");
    }
  });
});

describe("a browser on another site", () => {
  it("reaches nothing of the API", async () => {
    const { send, owner } = await createScene();
    const foreign = [
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `${PUBLIC_URL}.evil.example` },
      { Origin: "http://127.0.0.1:4181" },
      { Origin: "" },
    ];
    for (const headers of foreign) {
      expect(outcomeOf(await send("GET /api/v1/me", { as: owner.key, headers }))).toBe("403 foreign_origin");
    }
    for (const site of ["cross-site", "same-site", "none", "garbage"]) {
      const headers = { "Sec-Fetch-Site": site };
      expect(outcomeOf(await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, headers, body: {} }))).toBe("403 foreign_origin");
      expect(outcomeOf(await send("DELETE /api/v1/credentials/x", { as: ADMIN_TOKEN, headers }))).toBe(
        "403 foreign_origin",
      );
    }
  });

  it("is told from the gateway's own page, under its public and its listening name", async () => {
    const { send, owner } = await createScene();
    const own = [
      { Origin: PUBLIC_URL, "Sec-Fetch-Site": "same-origin" },
      { Origin: "http://localhost:4180", Host: "localhost:4180", "Sec-Fetch-Site": "same-origin" },
    ];
    for (const headers of own) {
      expect(outcomeOf(await send("GET /api/v1/me", { as: owner.key, headers }))).toBe("200");
      expect(outcomeOf(await send(`POST ${KEYS}`, { as: ADMIN_TOKEN, headers, body: { name: "n" } }))).toBe("201");
    }
  });

  it("gets no permission to read an answer", async () => {
    const { send } = await createTestApp();
    const preflight = await send("OPTIONS /api/v1/me", {
      headers: { Origin: "https://evil.example", "Access-Control-Request-Method": "GET" },
    });
    expect(preflight.status).toBe(403);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("an error inside", () => {
  it("is a 500 with the request's id; its text goes neither out nor into the log", async () => {
    const failure = new TypeError("canary-5522 is an invalid header value");
    const test = await createTestApp({ failures: { listServers: failure } });
    test.log.length = 0;
    const answer = await test.send("GET /api/v1/servers", { as: ADMIN_TOKEN, requestId: "req_42" });
    const log = JSON.stringify(test.log);
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({
      code: "internal",
      message: "Something went wrong inside the gateway. The log has the request id.",
      details: { request_id: "req_42" },
    });
    expect(log).toContain(`"event":"http_internal_error","fields":{"request_id":"req_42","error":"TypeError"}`);
    expect(answer.text + log).not.toContain("canary");
  });
});

it("P10: a store that cannot be asked is a retryable 503 everywhere, never an empty list and never a 401", async () => {
  const failure = new KeywardError("credential_store_unavailable");
  const test = await createTestApp({
    failures: { findVirtualKeyByDigest: failure, findFlow: failure, listServers: failure, listCredentials: failure },
  });
  const key = mintToken("virtual_key", random).secret.reveal();
  const requests: [request: string, as: string][] = [
    ["GET /api/v1/me", key],
    ["GET /api/v1/credentials", ADMIN_TOKEN],
    ["GET /api/v1/servers", ADMIN_TOKEN],
    ["GET /api/v1/flows/flow_x", ADMIN_TOKEN],
    ["GET /api/v1/flows/flow_x", key],
    ["GET /api/v1/flows/flow_x/status", ADMIN_TOKEN],
  ];
  for (const [request, as] of requests) {
    const answer = await test.send(request, { as });
    expect([outcomeOf(answer), answer.headers.get("retry-after")], request).toEqual([
      "503 credential_store_unavailable",
      "5",
    ]);
  }
});

it("logs one line per request: method, route template and status, no path, query, header or name", async () => {
  const { send, log, owner, serverId } = await createScene({ areTempTokenLinksEnabled: true });
  log.length = 0;
  await send(`GET /api/v1/servers/${serverId}?token=canary-5522`, { as: owner.key, requestId: "req_1" });
  await send(`GET /api/v1/canary-5522`, { requestId: "req_2" });
  await send("GET /healthz", { requestId: "req_3" });
  const fields = { method: "GET", ms: 0 };
  expect(log).toEqual([
    {
      level: "info",
      event: "http_request",
      fields: {
        ...fields,
        request_id: "req_1",
        route: "/api/v1/servers/:id",
        status: 403,
        by: `virtual_key:${owner.id}`,
      },
    },
    {
      level: "info",
      event: "http_request",
      fields: { ...fields, request_id: "req_2", route: "/api/*", status: 404, by: null },
    },
    {
      level: "debug",
      event: "http_request",
      fields: { ...fields, request_id: "req_3", route: "/healthz", status: 200, by: null },
    },
  ]);
});

describe("health", () => {
  it("is alive without asking anything", async () => {
    const { send, storeCalls } = await createTestApp({ parts: { readiness: () => Promise.reject(new Error("down")) } });
    storeCalls.length = 0;
    expect((await send("GET /healthz")).text).toBe(`{"status":"ok"}`);
    expect(storeCalls).toEqual([]);
  });

  it("is ready when every check is, and says which one is not", async () => {
    const ready = await createTestApp();
    const yes = await ready.send("GET /readyz");
    expect([yes.status, yes.json]).toEqual([200, { status: "ready", checks: { store: "ok", keys: "ok" } }]);
    const half = await createTestApp({ parts: { readiness: () => Promise.resolve({ store: false, keys: true }) } });
    const no = await half.send("GET /readyz");
    expect([no.status, no.json]).toEqual([503, { status: "not_ready", checks: { store: "failed", keys: "ok" } }]);
    const broken = await createTestApp({ parts: { readiness: () => Promise.reject(new Error("canary-5522")) } });
    const failed = await broken.send("GET /readyz");
    expect([failed.status, failed.json["status"]]).toEqual([503, "not_ready"]);
    expect(failed.text).not.toContain("canary");
  });
});
