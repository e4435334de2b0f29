import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { fingerprint, startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { connectTo, giveValue } from "../helpers/connected.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { canStartPostgres } from "../helpers/postgres/database.ts";
import { type PostgresServer, type Settings, startPostgres } from "../helpers/postgres/server.ts";
import { ask, messageOf, modernRequest, openRequest } from "../helpers/raw-mcp.ts";
import { callTool } from "../helpers/rpc.ts";
import { createTestClock, type TestClock } from "../helpers/test-clock.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/* A PostgreSQL that stops, crashes, or has no connection and no lock to give, under gateways that go on running. */

const UNAVAILABLE = "credential_store_unavailable";
/** How long a gateway holds a call that waits for its form. */
const HOLD_MS = 50_000;

let database: PostgresServer;
let upstream: HeaderUpstream;
let serverId: string;
let newest: string;
/** Has stored a value, `newest`. */
let alice: { readonly id: string; readonly key: string };
/** May, and has not. */
let bob: { readonly id: string; readonly key: string };
let gateways: readonly [TestGateway, TestGateway];
/** The test's own connection, from before it takes away all others. */
let observer: Client;

async function setUp(settings: Settings = {}, clock?: TestClock): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-restarts-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  database = await startPostgres(settings);
  onTestFinished(() => database.close());
  upstream = await startHeaderUpstream();
  onTestFinished(() => upstream.close());
  const env = {
    KEYWARD_DATABASE_URL: database.url,
    KEYWARD_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
  };
  const start = async () => {
    const gateway = await startTestGateway({ folder, env, ...(clock === undefined ? {} : { clock }) });
    onTestFinished(() => gateway.close());
    return gateway;
  };
  gateways = [await start(), await start()];
  const [gateway] = gateways;
  serverId = await gateway.register("notes", upstream.url, canaryValue("sample"));
  bob = await gateway.issueKey("bob");
  await gateway.grant(serverId, bob.id);
  alice = await connectTo(gateway, { id: serverId, name: "notes" }, (newest = canaryValue("alice")));
  observer = await connect();
}

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  // The server is stopped under it.
  client.on("error", () => {});
  onTestFinished(() => client.end());
  await client.connect();
  return client;
}

function call(gateway: TestGateway, key: string) {
  return callTool(gateway, key, "notes-whoami");
}

/** Neither a link nor anything else but "try again", and nothing is sent. The status is 200 when it took a while. */
async function expectOutage(gateway: TestGateway, key: string): Promise<void> {
  const sent = upstream.received.length;
  const { status, body } = await call(gateway, key);
  expect([200, 503]).toContain(status);
  expect(body["error"]).toMatchObject({ data: { code: UNAVAILABLE, retryable: true } });
  expect(upstream.received.length).toBe(sent);
}

async function expectServed(gateway: TestGateway): Promise<void> {
  expect((await call(gateway, alice.key)).text).toBe(fingerprint(newest));
}

async function statusOf(gateway: TestGateway, path: string): Promise<number> {
  return (await gateway.call("GET", path)).status;
}

async function untilReady(): Promise<void> {
  for (const gateway of gateways) {
    await expect.poll(() => statusOf(gateway, "/readyz"), { timeout: 15_000 }).toBe(200);
  }
}

describe.skipIf(!canStartPostgres)("under a running gateway", { timeout: 60_000 }, () => {
  it.each(["fast", "immediate"] as const)(
    "A62: a PostgreSQL that is stopped (%s) is an outage, and started again has all that was acknowledged",
    async (how) => {
      await setUp();
      const [one, two] = gateways;
      await giveValue(one, serverId, alice.key, (newest = canaryValue("newest")));
      await database.stop(how);

      for (const gateway of gateways) {
        await expectOutage(gateway, alice.key);
        await expectOutage(gateway, bob.key);
        const form = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, keyProof(bob.key), {});
        expect([form.status, form.text]).toEqual([503, expect.stringContaining(UNAVAILABLE)]);
        expect(await statusOf(gateway, "/readyz")).toBe(503);
        expect(await statusOf(gateway, "/healthz")).toBe(200);
      }

      await database.start();
      await untilReady();
      for (const gateway of gateways) {
        await expectServed(gateway);
        expect((await call(gateway, bob.key)).text).toContain("/connect/");
      }
      await giveValue(two, serverId, bob.key, canaryValue("bob"));
      expect((await one.admin("GET", "/api/v1/audit/verify")).body["intact"]).toBe(true);
    },
  );

  it("A60: what was acknowledged survives a crash, also where the server is set to answer before it has written it", async () => {
    await setUp({ synchronous_commit: "off", wal_writer_delay: "10s" });
    const [one] = gateways;
    await giveValue(one, serverId, alice.key, (newest = canaryValue("newest")));
    await database.stop("immediate");
    await database.start();
    await untilReady();
    await expectServed(one);
  });

  it.each(["fast", "immediate"] as const)(
    "A62: a call that is held while PostgreSQL restarts (%s) goes on when the form comes in elsewhere",
    async (how) => {
      const clock = createTestClock();
      await setUp({}, clock);
      const [one, two] = gateways;
      const params = { name: "notes-whoami", arguments: {} };
      const capabilities = { elicitation: { url: {} } };
      const asked = await ask(one, modernRequest(bob.key, "tools/call", params, { capabilities }));
      const { inputRequests, requestState } = asked["result"] as {
        inputRequests: Record<string, { params: { url: string } }>;
        requestState: string;
      };
      const again = { ...params, requestState, inputResponses: { notes: { action: "accept" } } };
      const held = openRequest(one, modernRequest(bob.key, "tools/call", again, { capabilities }));
      const { flowId } = linkIn(inputRequests["notes"]?.params.url ?? "");
      await clock.waitsFor(HOLD_MS);
      // It looks into the store once more when it has begun to wait. Reads are answered in their order: that is over now.
      for (let look = 0; look < 3; look += 1) {
        expect((await call(one, bob.key)).text).toContain("/connect/");
      }

      await database.stop(how);
      await database.start();
      await untilReady();
      observer = await connect();
      await expect.poll(listeners, { timeout: 15_000 }).toBe(gateways.length);
      const form = { "X-API-Key": canaryValue("bob") };
      expect((await submit(two, flowId, keyProof(bob.key), form)).status).toBe(200);
      expect(await messageOf(await held)).toMatchObject({
        result: { content: expect.arrayContaining([{ type: "text", text: fingerprint(form["X-API-Key"]) }]) },
      });
    },
  );

  /** Connections that have just asked to be told of what other gateways store. */
  async function listeners(): Promise<number> {
    const { rowCount } = await observer.query("select from pg_stat_activity where query like 'listen %'");
    return rowCount ?? 0;
  }

  it("A62: a PostgreSQL whose connections others have taken is an outage until they give one back", async () => {
    await setUp({ max_connections: "24" });
    const others = await takeAllConnections();
    for (const gateway of gateways) {
      await expectOutage(gateway, alice.key);
      await expectOutage(gateway, bob.key);
      expect(await statusOf(gateway, "/readyz")).toBe(503);
      expect(await statusOf(gateway, "/healthz")).toBe(200);
    }
    await Promise.all(others.map((other) => other.end()));
    await untilReady();
    for (const gateway of gateways) {
      await expectServed(gateway);
      await giveValue(gateway, serverId, alice.key, (newest = canaryValue("again")));
    }
  });

  async function takeAllConnections(): Promise<readonly Client[]> {
    const taken: Client[] = [];
    for (;;) {
      try {
        taken.push(await connect());
      } catch {
        const ended = await observer.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keyward'",
        );
        if (ended.rowCount === 0) {
          return taken;
        }
      }
    }
  }

  it("A62: reads that use up a gateway's connections waiting for a lock are told so, and hold up no call", async () => {
    await setUp();
    const [gateway] = gateways;
    await observer.query("begin; lock table audit_events");
    const lists = Array.from({ length: 24 }, () => gateway.admin("GET", "/api/v1/audit"));
    await expectServed(gateway);
    for (const { status, text } of await Promise.all(lists)) {
      expect([status, text]).toEqual([503, expect.stringContaining(UNAVAILABLE)]);
    }
    await observer.query("rollback");
    await untilReady();
    expect((await gateway.admin("GET", "/api/v1/audit")).status).toBe(200);
  });

  it("A62: calls whose values somebody has locked away are an outage, all of them, and over when the lock is", async () => {
    await setUp();
    await observer.query("begin; lock table header_credentials");
    const calls = Array.from({ length: 12 }, (_, index) => expectOutage(gateways[index % 2] ?? gateways[0], alice.key));
    await Promise.all(calls);
    await observer.query("rollback");
    await untilReady();
    for (const gateway of gateways) {
      await expectServed(gateway);
    }
  });
});
