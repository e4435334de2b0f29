import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import {
  type Asked,
  events,
  json,
  rpc,
  type Scripted,
  type ScriptedUpstream,
  startScriptedUpstream,
} from "../fixtures/scripted-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo } from "../helpers/connected.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";
import { expectSoon } from "../upstream/parts.ts";

/* What a hostile client or server could do where messages pass as they are. */

let gateway: TestGateway;
let remote: ScriptedUpstream;
let key = "";
let value = "";

async function open(script: Scripted, more: object = {}): Promise<void> {
  const good = new Set<string | undefined>();
  remote = await startScriptedUpstream({ accepts: (one) => good.has(one), ...script });
  gateway = await startTestGateway();
  const sample = canaryValue("sample");
  value = canaryValue("alice");
  good.add(sample).add(value);
  const id = await gateway.register("notes", remote.url, sample, more);
  ({ key } = await connectTo(gateway, { id, name: "notes" }, value));
  remote.asked.length = 0;
}

afterEach(async () => {
  // Looks for the value in every answer, log line and file.
  await gateway.close();
  await remote.close();
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly session: string | undefined;
}

type Headers = Readonly<Record<string, string | string[]>>;

/** One request byte for byte. @param until ends a stream as soon as this has come */
function send(
  method: string,
  path: string,
  headers: Headers,
  body: string | null = null,
  until: string | null = null,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const outgoing = request(gateway.url + path, {
    method,
    agent: false,
    headers: {
      authorization: `Bearer ${key}`,
      accept: "application/json, text/event-stream",
      ...(body === null ? {} : { "content-type": "application/json" }),
      ...headers,
    },
  });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let text = "";
    const session = response.headers["mcp-session-id"]?.toString();
    const done = (): void => resolve({ status: response.statusCode ?? 0, text, session });
    response.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      if (until !== null && text.includes(until)) {
        done();
        outgoing.destroy();
      }
    });
    response.on("end", done);
    response.on("error", done);
  });
  outgoing.end(body);
  return promise;
}

const MODERN_META: JsonObject = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function modern(method: string, params: JsonObject, headers: Headers = {}, path = "/mcp/notes"): Promise<Answer> {
  const named = typeof params["name"] === "string" ? { "mcp-name": params["name"] } : {};
  const mirrored = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...named };
  const body = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: MODERN_META } };
  return send("POST", path, { ...mirrored, ...headers }, JSON.stringify(body));
}

function legacy(method: string, params: JsonObject = {}, headers: Headers = {}, path = "/mcp/notes"): Promise<Answer> {
  return send("POST", path, headers, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
}

const hello: JsonObject = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "c", version: "1" },
};

function toolNames({ text }: Answer): string[] {
  const { result } = JSON.parse(text) as { result: { tools: { name: string }[] } };
  return result.tools.map(({ name }) => name);
}

describe("A36: parameters that travel in headers too", () => {
  const property = (header: string, type = "string") => ({ type, "x-mcp-header": header });
  const schema = (properties: JsonObject): JsonObject => ({ type: "object", properties });
  const good = {
    name: "good",
    inputSchema: schema({
      r: property("Region"),
      n: property("Count", "integer"),
      deep: schema({ b: property("Flag", "boolean") }),
    }),
  };
  const hostile: JsonObject[] = [
    { name: "split", inputSchema: schema({ a: property("A\r\nx-api-key: evil") }) },
    { name: "twice", inputSchema: schema({ a: property("Id"), b: property("iD") }) },
    { name: "number", inputSchema: schema({ a: property("A", "number") }) },
    { name: "items", inputSchema: schema({ a: { type: "array", items: property("A") } }) },
  ];
  const script: Scripted = {
    era: "modern",
    answer: (asked, response) => {
      const cache = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
      const result =
        asked.method === "tools/list"
          ? { tools: [good, ...hostile], ...cache }
          : { content: [], resultType: "complete" };
      json(response, rpc(asked, { result }));
    },
  };
  const args = { r: "Zürich", n: 7, deep: { b: false } };
  const right = { "mcp-param-region": "=?base64?WsO8cmljaA==?=", "mcp-param-count": "7", "mcp-param-flag": "false" };

  it.each<[string, Headers]>([
    ["are missing", { "mcp-param-region": right["mcp-param-region"], "mcp-param-count": "7" }],
    ["say something else", { ...right, "mcp-param-count": "8" }],
    ["say it in other words", { ...right, "mcp-param-count": "7.0" }],
    ["are no base64", { ...right, "mcp-param-region": "=?base64?WsO8cmlja!==?=" }],
    ["are not the one base64", { ...right, "mcp-param-region": "=?base64?WsO8cmljaB==?=" }],
    ["come twice", { ...right, "mcp-param-count": ["7", "7"] }],
    ["are not encoded", { ...right, "mcp-param-region": "Zurich" }],
  ])("are refused when they %s, before anything is sent", async (_, headers) => {
    await open(script);
    const { status, text } = await modern("tools/call", { name: "good", arguments: args }, headers);
    expect([status, JSON.parse(text)]).toMatchObject([400, { id: 1, error: { code: -32_020 } }]);
    const extra = await modern("tools/call", { name: "good", arguments: {} }, { "mcp-param-count": "7" });
    expect(extra.status).toBe(400);
    expect(remote.asked).toEqual([]);
  });

  it("reach the server as it asked for them, and no others do", async () => {
    await open(script);
    const headers = { ...right, "mcp-param-authorization": "evil", "mcp-param-x-api-key": "evil" };
    expect((await modern("tools/call", { name: "good", arguments: args }, headers)).status).toBe(200);
    const sent = Object.entries(remote.asked.at(-1)?.headers ?? {}).filter(([name]) => name.startsWith("mcp-param-"));
    expect(Object.fromEntries(sent)).toEqual(right);
    await modern("tools/call", { name: "good", arguments: { r: null } });
    expect(Object.keys(remote.asked.at(-1)?.headers ?? {}).filter((name) => name.startsWith("mcp-param-"))).toEqual([]);
  });

  it("hide a tool that asks for them in a hostile way, on both endpoints, in both eras", async () => {
    await open(script);
    for (const ask of [modern, legacy]) {
      expect(toolNames(await ask("tools/list", {}))).toEqual(["good"]);
      expect(toolNames(await ask("tools/list", {}, {}, "/mcp"))).toEqual(["notes-good"]);
    }
  });
});

describe("A33: a header of the client's", () => {
  it("reaches the server on no way: messages, streams, the end of a session", async () => {
    const listening = Promise.withResolvers<void>();
    await open({
      isStateful: true,
      answer: (asked, response) => {
        if (asked.httpMethod === "GET") {
          events(response)({ jsonrpc: "2.0", method: "notifications/x" }, "id: e-8\n");
          listening.resolve();
        } else if (asked.id === undefined || asked.method === "") response.writeHead(202).end();
        else json(response, rpc(asked, { result: { content: [], tools: [] } }));
      },
    });
    const smuggled: Headers = {
      "x-upstream-authorization": "evil",
      "mcp-param-authorization": "evil",
      "mcp-param-x-api-key": "evil",
      "x-forwarded-for": "6.6.6.6",
      cookie: "evil=1",
      forwarded: "for=6.6.6.6",
      origin: gateway.url,
      referer: "https://evil.test/",
      "x-evil": ["evil", "evil"],
      te: "trailers",
    };
    const begun = await legacy("initialize", hello, smuggled);
    const inSession = { ...smuggled, "mcp-session-id": begun.session ?? "", "mcp-protocol-version": "2025-11-25" };
    const post = (message: JsonObject) =>
      send("POST", "/mcp/notes", inSession, JSON.stringify({ jsonrpc: "2.0", ...message }));
    await post({ method: "notifications/initialized" });
    await post({ method: "notifications/x", params: {} });
    await post({ id: 5, result: {} });
    await post({ id: 1, method: "tools/call", params: { name: "t" } });
    await post({ id: 2, method: "x/y", params: {} });
    const heard = await send("GET", "/mcp/notes", { ...inSession, "last-event-id": "e-7" }, null, "notifications/x");
    expect(heard.text).toContain("id: e-8");
    await listening.promise;
    await send("DELETE", "/mcp/notes", inSession);
    await expectSoon(() => remote.methods().at(-1)).toBe("DELETE");
    expect(new Set(remote.methods())).toEqual(
      new Set([
        "initialize",
        "notifications/initialized",
        "notifications/x",
        "POST",
        "tools/call",
        "x/y",
        "GET",
        "DELETE",
      ]),
    );
    for (const { rawHeaders, httpMethod, headers } of remote.asked) {
      const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      expect(headers["x-api-key"]).toBe(value);
      expect(rawHeaders.join("\n")).not.toMatch(/evil|6\.6\.6\.6|kw_/);
      expect(headers["last-event-id"]).toBe(httpMethod === "GET" ? "e-7" : undefined);
      expect(names.filter((name) => /^(?:authorization|cookie|origin|referer|forwarded|te)$/.test(name))).toEqual([]);
    }
  });
});

describe("a message with two readings", () => {
  const tools = ["allowed", "forbidden"].map((name) => ({ name, inputSchema: { type: "object" } }));
  const script: Scripted = {
    answer: (asked, response) =>
      json(response, rpc(asked, { result: asked.method === "tools/list" ? { tools } : { content: [] } })),
  };
  const message = (members: string): string => `{"jsonrpc":"2.0","id":1,${members}}`;
  const call = (params: string): string => message(`"method":"tools/call","params":${params}`);

  it.each([
    ["a parameter in another case", call('{"name":"allowed","Name":"forbidden"}')],
    ["a parameter in another case before it", call('{"NAME":"forbidden","name":"allowed"}')],
    ["a parameter twice", call('{"name":"forbidden","name":"allowed"}')],
    ["a parameter twice, spelled by an escape", call('{"n\\u0061me":"forbidden","name":"allowed"}')],
    ["a parameter twice, in another case and escaped", call('{"N\\u0061me":"forbidden","name":"allowed"}')],
    ["_meta twice", call('{"name":"allowed","_meta":{},"_meta":{"x":1}}')],
    [
      "params with a long s",
      message('"method":"tools/call","params":{"name":"allowed"},"param\u017f":{"name":"forbidden"}'),
    ],
    ["params twice", message('"method":"tools/call","params":{"name":"forbidden"},"params":{"name":"allowed"}')],
    [
      "params in another case",
      message('"method":"tools/call","params":{"name":"allowed"},"Params":{"name":"forbidden"}'),
    ],
    ["the method twice", message('"method":"tools/list","method":"tools/call","params":{"name":"allowed"}')],
    [
      "the method in another case",
      message('"method":"tools/list","METHOD":"tools/call","params":{"name":"forbidden"}'),
    ],
    ["the id twice", message('"id":2,"method":"tools/call","params":{"name":"allowed"}')],
    ["a name that is no text", call('{"name":["forbidden"]}')],
    ["a name by its prototype", call('{"__proto__":{"name":"forbidden"}}')],
    ["params that are a list", call('[{"name":"forbidden"}]')],
    ["a batch", `[${call('{"name":"forbidden"}')}]`],
    ["a name that is not allowed", call('{"name":"forbidden"}')],
    ["a name with a space", call('{"name":"allowed "}')],
  ])("is refused before anything is sent: %s", async (_, body) => {
    await open(script, { tools: ["allowed"] });
    const begun = await legacy("initialize", hello);
    remote.asked.length = 0;
    for (const path of ["/mcp/notes", "/mcp"]) {
      const sent =
        path === "/mcp" ? body.replaceAll("allowed", "notes-allowed").replaceAll("forbidden", "notes-forbidden") : body;
      const session: Headers = path === "/mcp/notes" ? { "mcp-session-id": begun.session ?? "" } : {};
      for (const headers of [{}, session]) {
        const { status, text } = await send("POST", path, headers, sent);
        expect([status === 400 || status === 200, JSON.parse(text)]).toMatchObject([
          true,
          { error: expect.anything() as unknown },
        ]);
      }
    }
    expect(remote.asked).toEqual([]);
  });

  it("and an allowed one goes on, with arguments of any spelling", async () => {
    await open(script, { tools: ["allowed"] });
    const body = call('{"name":"allowed","arguments":{"name":"forbidden","Name":1,"NAME":2}}');
    expect((await send("POST", "/mcp/notes", {}, body)).status).toBe(200);
    expect(remote.asked.at(-1)?.message["params"]).toMatchObject({ name: "allowed", arguments: { Name: 1, NAME: 2 } });
    expect(toolNames(await legacy("tools/list"))).toEqual(["allowed"]);
  });
});

describe("A38: a key that the server repeats", () => {
  const REDACTED = "[redacted by Keyward]";

  it.each(["legacy", "modern"] as const)("reaches a %s client on no way, in no answer, log or file", async (era) => {
    const echo = ({ key: sent = "" }: Asked): JsonValue => ({
      text: `<${sent}>`,
      [sent]: [Buffer.from(`k:${sent}`).toString("base64")],
    });
    const hellos: JsonObject = {};
    await open({
      era,
      isStateful: era === "legacy",
      hello: hellos,
      answer: (asked, response) => {
        if (asked.httpMethod === "GET") {
          events(response)({ jsonrpc: "2.0", method: "notifications/x", params: { said: echo(asked) } });
          return;
        }
        const { params } = asked.message;
        const name = isJsonObject(params) ? params["name"] : null;
        if (asked.method === "tools/list")
          json(
            response,
            rpc(asked, {
              result: {
                tools: ["error", "result", "stream"].map((tool) => ({
                  name: tool,
                  inputSchema: { type: "object" },
                  "x-said": echo(asked),
                })),
              },
            }),
          );
        else if (name === "error")
          json(response, rpc(asked, { error: { code: -32_000, message: asked.key ?? "", data: echo(asked) } }));
        else if (name === "result")
          json(response, rpc(asked, { result: { content: [], said: echo(asked) } }), 200, {
            "x-said": asked.key ?? "",
          });
        else {
          const write = events(response);
          write({ jsonrpc: "2.0", method: "notifications/message", params: { data: echo(asked) } });
          write(rpc(asked, { result: { content: [], said: echo(asked) } }));
          response.end();
        }
      },
    });
    Object.assign(hellos, { instructions: `Your key is ${value}`, capabilities: { experimental: { [value]: {} } } });
    const ask = era === "legacy" ? legacy : modern;
    const texts: string[] = [];
    const begun = era === "legacy" ? await legacy("initialize", hello) : await modern("server/discover", {});
    texts.push(begun.text);
    const session: Headers = begun.session === undefined ? {} : { "mcp-session-id": begun.session };
    for (const path of ["/mcp/notes", "/mcp"]) {
      const prefix = path === "/mcp" ? "notes-" : "";
      for (const headers of path === "/mcp" ? [{}] : [{}, session]) {
        for (const name of ["error", "result", "stream"]) {
          texts.push((await ask("tools/call", { name: prefix + name }, headers, path)).text);
        }
      }
    }
    texts.push((await ask("tools/list", {})).text);
    if (era === "legacy") {
      texts.push((await send("GET", "/mcp/notes", session, null, "notifications/x")).text);
    }
    for (const text of texts) expect(text).toContain(REDACTED);
    // That neither the value nor any form of it is anywhere is looked at when the gateway closes.
    expect(gateway.log()).toContain("upstream_value_scrubbed");
  });
});
