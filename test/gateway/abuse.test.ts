import { afterEach, beforeEach, expect, it } from "vitest";
import type { Identity } from "../../src/core/identity.ts";
import type { JsonObject } from "../../src/core/json.ts";
import {
  aServer,
  bearer,
  JSON_TYPE,
  legacy,
  type Listener,
  listen,
  modern,
  MODERN_META,
  readyWith,
  rpc,
  send,
  World,
} from "./gateway-fixture.ts";

const ANN: Identity = { mode: "virtual_key", id: "vk_ann" };
const BOB: Identity = { mode: "virtual_key", id: "vk_bob" };

let world: World;
let gate: Listener;
let ann: string;
let bob: string;

beforeEach(async () => {
  world = new World();
  world.areSessionsEnabled = true;
  ann = world.addKey(ANN.id);
  bob = world.addKey(BOB.id);
  const github = aServer("github");
  world.servers.push(github);
  world.resolve(ANN, github, readyWith(github, "sk-ann"));
  world.resolve(BOB, github, readyWith(github, "sk-bob"));
  gate = await listen(world);
});

afterEach(() => gate.close());

const ECHO = rpc("tools/call", { name: "github-echo" });

/** The values that reached the upstream. */
function valuesSent(): string[] {
  return world.calls.flatMap(({ headers }) => [...headers.userHeaders.values()].map((value) => value.reveal()));
}

async function statusWith(...credentials: (readonly [string, string])[]): Promise<number> {
  const answer = await send(gate, { headers: [JSON_TYPE, ...credentials], body: ECHO });
  if (answer.status === 401) {
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer resource_metadata="http:\/\/127\.0\.0\.1/);
  }
  return answer.status;
}

it("A10: without a known identity there is a 401, and nobody's values are used", async () => {
  const elsewhere = new World();
  const [unknown = ""] = ["a", "b", "c", "d", "e", "f"].map((id) => elsewhere.addKey(id)).slice(-1);
  const disabled = world.addKey("vk_disabled", { isEnabled: false });
  const revoked = world.addKey("vk_revoked", { revokedAt: 1 });
  const expired = world.addKey("vk_expired", { expiresAt: world.now });
  expect(await statusWith()).toBe(401);
  for (const value of ["", " ", "Bearer", "Bearer ", "Bearer  ", "Bearer kw_", "null", "undefined"]) {
    expect(await statusWith(["authorization", value]), value).toBe(401);
  }
  for (const key of [unknown, disabled, revoked, expired, `${ann.slice(0, -1)}_`, ann.toUpperCase(), ` ${ann}x`]) {
    expect(await statusWith(bearer(key)), key).toBe(401);
    expect(await statusWith(["x-api-key", key]), key).toBe(401);
  }
  expect(await statusWith(["x-api-key", ""])).toBe(401);
  expect(await statusWith(["keyward-session", ""])).toBe(401);
  expect(await statusWith(["keyward-session", "too-short"])).toBe(401);
  expect(valuesSent()).toEqual([]);
});

it("A11: garbage, doubled and conflicting credentials are a 401, also when one of them is valid", async () => {
  const session: readonly [string, string] = ["keyward-session", "s".repeat(40)];
  const garbage = [
    "Basic dXNlcjpwYXNz",
    `Keyward-Temp-Token ${ann}`,
    `Bearer ${ann}, Bearer ${bob}`,
    `Bearer ${ann} x`,
    ann,
  ];
  for (const value of garbage) {
    expect(await statusWith(["authorization", value]), value).toBe(401);
  }
  expect(await statusWith(bearer(ann), bearer(bob))).toBe(401);
  expect(await statusWith(bearer(ann), bearer(ann))).toBe(401);
  expect(await statusWith(["x-api-key", ann], ["x-api-key", ann])).toBe(401);
  expect(await statusWith(bearer(ann), ["x-api-key", bob])).toBe(401);
  expect(await statusWith(bearer(ann), ["x-api-key", ""])).toBe(401);
  expect(await statusWith(["authorization", ""], ["x-api-key", ann])).toBe(401);
  expect(await statusWith(bearer(ann), session)).toBe(401);
  expect(await statusWith(bearer(ann), ["keyward-session", "bad"])).toBe(401);
  expect(await statusWith(session, session)).toBe(401);
  expect(valuesSent()).toEqual([]);
});

it("A11: each kind of credential is good alone, and one key in both of its headers is one credential", async () => {
  expect(await statusWith(bearer(ann))).toBe(200);
  expect(await statusWith(["authorization", `bEARER   ${ann}`])).toBe(200);
  expect(await statusWith(["x-api-key", ann])).toBe(200);
  expect(await statusWith(bearer(ann), ["x-api-key", ann])).toBe(200);
  expect(valuesSent()).toEqual(["sk-ann", "sk-ann", "sk-ann", "sk-ann"]);
  expect(await statusWith(["keyward-session", "s".repeat(40)])).toBe(200);
});

it("A11: a session is no credential where sessions are off, not even beside a valid key", async () => {
  world.areSessionsEnabled = false;
  const second = await listen(world);
  const session: readonly [string, string] = ["keyward-session", "s".repeat(40)];
  for (const headers of [[session], [bearer(ann), session]]) {
    expect((await send(second, { headers: [JSON_TYPE, ...headers], body: ECHO })).status).toBe(401);
  }
  await second.close();
});

it("A12: ids of somebody else, wherever they stand in a request, change nothing about whose values are used", async () => {
  const ids: JsonObject = {
    identity: { mode: "virtual_key", id: BOB.id },
    identity_id: BOB.id,
    credential_id: "cred_bob",
    server_id: "srv_secret",
    auth_mode: "user",
    nested: [{ credential: { id: "cred_bob", identity: BOB.id } }],
  };
  const params = { name: "github-echo", arguments: ids, _meta: { ...ids, "keyward/identity": BOB.id }, ...ids };
  const spoofed = [
    ["x-keyward-identity", BOB.id],
    ["x-identity", `virtual_key:${BOB.id}`],
    ["x_api_key", bob],
    ["x-forwarded-user", BOB.id],
    ["cookie", `keyward-session=${"s".repeat(40)}; key=${bob}`],
  ] as const;
  const request = legacy(ann, "tools/call", params, `/mcp?key=${bob}&identity=${BOB.id}&server=srv_secret`);
  const answer = await send(gate, { ...request, headers: [...(request.headers ?? []), ...spoofed] });
  expect(answer.status).toBe(200);
  expect(valuesSent()).toEqual(["sk-ann"]);
  expect(world.calls[0]?.message.params?.["arguments"]).toEqual(ids);
});

it("A12: an id is no name: a server is reached by what the caller may use, not by what the caller knows", async () => {
  world.servers.push(aServer("secret"));
  world.denied.add("secret");
  for (const name of ["srv_secret-echo", "secret-echo", "cred_secret-echo"]) {
    const answer = await send(gate, legacy(ann, "tools/call", { name, arguments: { server_id: "srv_secret" } }));
    expect(answer.body).toMatchObject({ error: { code: -32602, message: "Unknown tool" } });
  }
  for (const path of ["/mcp/srv_secret", "/mcp/secret"]) {
    expect((await send(gate, legacy(ann, "tools/list", {}, path))).status).toBe(404);
  }
  expect(valuesSent()).toEqual([]);
});

it("A13: a session that spells another identity, and a user with a key's id, are each themselves", async () => {
  const [github] = world.servers;
  const owned = world.addKey("vk_owned", { ownerUserId: ANN.id });
  world.resolve({ mode: "user", id: ANN.id }, github!, readyWith(github!, "sk-user"));
  await statusWith(bearer(owned));
  await statusWith(bearer(ann));
  expect(valuesSent()).toEqual(["sk-user", "sk-ann"]);
  for (const value of [`virtual_key:${ANN.id}`.padEnd(32, "x"), ann, `${ANN.id}${" ".repeat(40)}`]) {
    await statusWith(["keyward-session", value]);
  }
  expect(valuesSent()).toEqual(["sk-user", "sk-ann"]);
  expect([...world.flows.values()].map(({ identity }) => identity.mode)).not.toContain("virtual_key");
});

it("P2, P14: equal request ids of two callers are answered each with its own, 200 calls interleaved", async () => {
  world.upstream = async ({ headers }) => {
    const [value] = headers.userHeaders.values();
    await new Promise((resolve) => setImmediate(resolve));
    return { kind: "result", result: { content: [{ type: "text", text: value?.reveal() ?? "" }] } };
  };
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const isAnn = index % 2 === 0;
      const request = index % 4 < 2 ? legacy : modern;
      const answer = await send(gate, request(isAnn ? ann : bob, "tools/call", { name: "github-echo" }));
      return [isAnn ? "sk-ann" : "sk-bob", JSON.stringify(answer.body)] as const;
    }),
  );
  for (const [own, body] of answers) {
    expect(body).toContain(own);
    expect(body).not.toContain(own === "sk-ann" ? "sk-bob" : "sk-ann");
  }
});

it("A16: 1,000 calls in a loop make ten links a minute and one flow, and each further one points at the last link", async () => {
  const eve = world.addKey("vk_eve");
  const texts: string[] = [];
  for (let i = 0; i < 1000; i += 1) {
    const answer = await send(gate, legacy(eve, "tools/call", { name: "github-echo" }));
    expect(answer.status).toBe(200);
    texts.push(JSON.stringify(answer.body));
  }
  expect(texts.filter((text) => text.includes("/connect/")).length).toBe(10);
  expect(texts.filter((text) => text.includes("Open the last one"))).toHaveLength(990);
  expect(texts.every((text) => text.includes('"isError":true'))).toBe(true);
  expect([world.initiations, world.flows.size]).toEqual([10, 1]);
  expect(await statusWith(bearer(ann))).toBe(200);
  expect(valuesSent()).toEqual(["sk-ann"]);
  world.now += 60_000;
  expect((await send(gate, legacy(eve, "tools/call", { name: "github-echo" }))).text).toContain("/connect/");
});

it("A33: no header of the client goes on, not even one that is named like the credential's", async () => {
  const smuggled = [
    ["x-upstream-authorization", "Bearer sk-evil"],
    ["mcp-param-authorization", "Bearer sk-evil"],
    ["x-tenant", "sk-evil"],
    ["X-Forwarded-Authorization", "sk-evil"],
    ["proxy-authorization", "Basic sk-evil"],
    ["cookie", "session=sk-evil"],
    ["last-event-id", "sk-evil"],
  ] as const;
  for (const request of [legacy, modern]) {
    const { headers = [], ...rest } = request(ann, "tools/call", { name: "github-echo", arguments: { a: 1 } });
    // The server's own field is X-API-Key: here it carries the caller's key, and nothing else may come of it.
    await send(gate, { ...rest, headers: [...headers, ["X-API-Key", ann], ...smuggled] });
  }
  expect(world.calls.map(({ message }) => message)).toEqual([
    { method: "tools/call", params: { name: "echo", arguments: { a: 1 } } },
    { method: "tools/call", params: { name: "echo", arguments: { a: 1 }, _meta: MODERN_META } },
  ]);
  const wire = world.calls.map(({ headers }) =>
    [...headers.userHeaders].map(([name, value]) => [name, value.reveal()]),
  );
  expect(wire).toEqual([[["x-api-key", "sk-ann"]], [["x-api-key", "sk-ann"]]]);
  expect(JSON.stringify(world.calls)).not.toMatch(/sk-evil|kw_/);
});
