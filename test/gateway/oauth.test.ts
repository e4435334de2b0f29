import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyWatch } from "../../src/gateway/stream/key-watch.ts";
import {
  aServer,
  bearer,
  legacy,
  type Listener,
  listen,
  NOW,
  PUBLIC_URL,
  type RawAnswer,
  readyWith,
  send,
  World,
} from "./gateway-fixture.ts";

const METADATA = `${PUBLIC_URL}/.well-known/oauth-protected-resource`;

let world: World;
let gate: Listener;

beforeEach(async () => {
  world = new World();
  world.servers.push(aServer("github"));
  gate = await listen(world);
});

afterEach(() => gate.close());

function challengeOf({ status, headers }: RawAnswer): readonly unknown[] {
  return [status, headers["www-authenticate"]];
}

const call = (token: string): ReturnType<typeof legacy> =>
  legacy(token, "tools/call", { name: "github-echo", arguments: {} });

describe("a request without a credential", () => {
  it("is told where to find out how to get one: the metadata of its own endpoint, for every method", async () => {
    for (const method of ["POST", "GET", "DELETE"]) {
      expect(challengeOf(await send(gate, { method, path: "/mcp" }))).toEqual([
        401,
        `Bearer resource_metadata="${METADATA}/mcp", scope="mcp"`,
      ]);
      expect(challengeOf(await send(gate, { method, path: "/mcp/github?x=1" }))).toEqual([
        401,
        `Bearer resource_metadata="${METADATA}/mcp/github", scope="mcp"`,
      ]);
    }
  });

  it("A46: finds nothing of its path or Host in the answer but the name of an endpoint", async () => {
    for (const path of ['/mcp/"x', "/mcp/..", "/mcp/A", "/mcp//x", "/mcp/github/more"]) {
      const answer = await send(gate, { path, headers: [["host", "evil.example"]] });
      expect(challengeOf(answer), path).toEqual([401, `Bearer resource_metadata="${METADATA}/mcp", scope="mcp"`]);
    }
  });

  it("is promised nothing where OAuth is off, and no token is taken", async () => {
    const token = world.addAccessToken("usr_ann");
    world.isOauthEnabled = false;
    const plain = await listen(world);
    expect(challengeOf(await send(plain, {}))).toEqual([401, "Bearer"]);
    expect(challengeOf(await send(plain, call(token)))).toEqual([401, "Bearer"]);
    await plain.close();
  });
});

describe("an access token", () => {
  it("acts as its user, and its use is noted for the app", async () => {
    const token = world.addAccessToken("usr_ann", { appId: "app_1" });
    world.resolve({ mode: "user", id: "usr_ann" }, aServer("github"), readyWith(aServer("github"), "a-value"));
    const answer = await send(gate, call(token));
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("done")]);
    expect(world.lines.at(-1)?.fields["by"]).toBe("user:usr_ann");
    expect(world.touched).toContain("app_1");
  });

  it.each([
    ["of another audience (CVE-2026-19202)", { resource: `${PUBLIC_URL}/mcp/github` }],
    ["of another host", { resource: "https://other.example/mcp" }],
    ["that has run out", { expiresAt: NOW }],
    ["whose grant has run out", { grantExpiresAt: NOW }],
    ["of a user who was disabled", { isUserEnabled: false }],
  ])("%s is refused as no token at all", async (_, more) => {
    const token = world.addAccessToken("usr_ann", more);
    expect(challengeOf(await send(gate, call(token)))).toEqual([
      401,
      `Bearer resource_metadata="${METADATA}/mcp", scope="mcp", error="invalid_token"`,
    ]);
    expect(world.calls).toEqual([]);
  });

  it("that is mistyped is refused without a look into the store", async () => {
    const token = world.addAccessToken("usr_ann");
    const asked: string[] = [];
    const get = world.accessTokens.get.bind(world.accessTokens);
    world.accessTokens.get = (id) => {
      asked.push(id);
      return get(id);
    };
    const mistyped = [`${token.slice(0, -1)}!`, token.slice(0, -1), `${token}x`, `kwo_${"A".repeat(49)}`, "kwo_"];
    for (const text of mistyped) {
      expect((await send(gate, call(text))).status, text).toBe(401);
    }
    expect(asked).toEqual([]);
    expect((await send(gate, call(token))).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it("A11: beside another credential is a 401 and neither of the two", async () => {
    const token = world.addAccessToken("usr_ann");
    const key = world.addKey("vk_bob");
    world.areSessionsEnabled = true;
    const both = [
      [bearer(token), ["x-api-key", key]],
      [bearer(key), ["x-api-key", token]],
      [bearer(token), ["keyward-session", "s".repeat(40)]],
      [bearer(token), ["authorization", `Bearer ${key}`]],
    ] as const;
    for (const headers of both) {
      const answer = await send(gate, { ...call(token), headers });
      expect(answer.body, headers.flat().join(" ")).toMatchObject({
        error: { data: { code: "ambiguous_credentials" } },
      });
    }
    expect(world.calls).toEqual([]);
  });

  it("is a token of the Authorization header only", async () => {
    const token = world.addAccessToken("usr_ann");
    expect((await send(gate, { ...call(token), headers: [["x-api-key", token]] })).status).toBe(401);
    expect((await send(gate, { ...call(token), headers: [], path: `/mcp?access_token=${token}` })).status).toBe(401);
  });

  it("shares the limit of calls with its user's other apps, and with nobody else", async () => {
    const [phone, laptop] = [world.addAccessToken("usr_ann"), world.addAccessToken("usr_ann", { appId: "app_2" })];
    const others = [world.addAccessToken("usr_bob"), world.addKey("vk_ann")];
    const statuses = new Map<number, number>();
    for (let i = 0; i < 602; i += 1) {
      const { status } = await send(gate, legacy(i % 2 === 0 ? phone : laptop, "ping"));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 200: 600, 429: 2 });
    for (const other of others) {
      expect((await send(gate, legacy(other, "ping"))).status).toBe(200);
    }
    world.now = NOW + 60_000;
    expect((await send(gate, legacy(phone, "ping"))).status).toBe(200);
  });
});

describe("a stream that an app has opened", () => {
  it("P8: outlives its access token, and ends within 5 s of its grant", async () => {
    const callers = world.callers();
    const timers: { readonly at: number; readonly task: () => void }[] = [];
    const clock = {
      now: () => world.now,
      schedule: (delayMs: number, task: () => void) => {
        timers.push({ at: world.now + delayMs, task });
        return () => {};
      },
    };
    const token = world.addAccessToken("usr_ann", { appId: "app_1" });
    const rawHeaders = ["Authorization", `Bearer ${token}`];
    const ended: string[] = [];
    const store = { findAccess: async () => null };
    const watch = createKeyWatch({ callers, store, clock });
    const open = (name: string, app: { readonly id: string } | null, url = "/mcp"): void => {
      const caller = { identity: { mode: "user", id: "usr_ann" }, app } as const;
      const leave = watch.add({ request: { rawHeaders, url }, caller }, () => {
        ended.push(name);
        leave();
      });
    };
    open("app", { id: "app_1" });
    open("credential", null);
    open("no access", { id: "app_1" }, "/mcp/github");

    async function pass(ms: number): Promise<void> {
      world.now += ms;
      for (const { task } of timers.splice(0)) {
        task();
      }
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }

    await pass(600_000);
    expect(ended).toEqual(["credential", "no access"]);
    world.liveApps.delete("app_1");
    await pass(4_999);
    expect(ended).toEqual(["credential", "no access", "app"]);
  });
});
