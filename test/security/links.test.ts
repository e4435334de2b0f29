import { request } from "node:http";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { HeadersProvider } from "../../src/core/headers-provider.ts";
import type { Logger } from "../../src/core/ports.ts";
import { createTempTokenService } from "../../src/core/temp-token.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { openKeySource } from "../../src/vault/kms/key-source.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { canaryValue } from "../helpers/canary.ts";
import { engineOf } from "../helpers/engine.ts";
import { keyProof, submit, tokenProof } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { startTestGateway, textIn, type TestGateway } from "../helpers/test-gateway.ts";

const LINKS_ON = { env: { KEYWARD_TEMP_TOKEN_LINKS: "on" } };
const VALID_SHAPE = "flow_AAAAAAAAAAAAAAAAAAAAAA";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let scene: Scene;
const others: TestGateway[] = [];

afterEach(async () => {
  for (const other of others.splice(0)) {
    await other.close();
  }
  await scene.close();
});

/** A second gateway on the same database. */
async function secondReplica(): Promise<TestGateway> {
  const replica = await startTestGateway({ folder: scene.gateway.folder, ...LINKS_ON });
  others.push(replica);
  return replica;
}

/** The library, as another program would use it on the same database. */
async function libraryProvider(): Promise<HeadersProvider> {
  const ports = { clock: systemClock, random: systemRandom, logger: SILENT };
  const engine = await engineOf(scene.gateway.folder);
  const store = await engine.openStore();
  onTestFinished(() => store.close());
  const keyEncryption = await openKeySource(engine.keySource, ports);
  const vault = await openVault({ keyStore: store, keyEncryption, ...ports });
  const provider = new HeadersProvider({ store, vault, ...ports });
  provider.setTempTokenService(createTempTokenService({ store, vault, random: systemRandom, areLinksEnabled: true }));
  return provider;
}

async function storedVersion(gateway: TestGateway): Promise<unknown> {
  const { body } = await gateway.admin("GET", "/api/v1/credentials");
  return (body["items"] as { version?: number; updated_at?: number }[]).map((row) => [row.version, row.updated_at]);
}

async function auditCount(gateway: TestGateway, action: string): Promise<number> {
  const { body } = await gateway.admin("GET", `/api/v1/audit?action=${action}&limit=500`);
  return (body["items"] as object[]).length;
}

describe("a link", () => {
  it("A04: is dead after its success: replayed with the token, with the key, from elsewhere", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const link = await scene.askForLink(alice.key);
    const body = { "X-API-Key": scene.goodValue("first") };
    expect((await submit(gateway, link.flowId, tokenProof(link.token ?? ""), body)).status).toBe(200);
    const before = await storedVersion(gateway);

    const replays = [
      await submit(gateway, link.flowId, tokenProof(link.token ?? ""), body),
      await submit(gateway, link.flowId, keyProof(alice.key), body),
      await gateway.call("GET", `/api/v1/flows/${link.flowId}`, tokenProof(link.token ?? "")),
      await gateway.call("GET", `/api/v1/flows/${link.flowId}`, keyProof(alice.key)),
    ];
    const unknown = await gateway.call("GET", `/api/v1/flows/${VALID_SHAPE}`, keyProof(alice.key));
    for (const replay of replays) {
      expect([replay.status, replay.text]).toEqual([404, unknown.text]);
    }
    expect(await storedVersion(gateway)).toEqual(before);
  });

  it("A05: its token opens nothing else, and nothing else opens it", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const link = await scene.askForLink(alice.key);
    const token = link.token ?? "";
    for (const headers of [{ authorization: `Bearer ${token}` }, { "x-api-key": token }, tokenProof(token)]) {
      for (const path of ["/api/v1/me", "/api/v1/servers", "/api/v1/credentials", "/api/v1/audit"]) {
        expect((await gateway.call("GET", path, headers)).status).toBe(401);
      }
      expect((await gateway.call("POST", "/mcp", headers, { jsonrpc: "2.0", id: 1, method: "ping" })).status).toBe(401);
    }
    expect((await gateway.call("GET", `/api/v1/flows/${link.flowId}`, tokenProof(alice.key))).status).toBe(404);
    expect((await gateway.call("GET", `/api/v1/flows/${link.flowId}`, tokenProof(token))).status).toBe(200);
  });

  it("A06: flow ids and tokens that a caller makes up lead nowhere", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const link = await scene.askForLink(alice.key);
    const made = "kwt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA000000";
    const answer = await callTool(gateway, alice.key, "notes-whoami", { flow_id: VALID_SHAPE, t: made });
    expect(answer.text).toContain(`/connect/${link.flowId}`);
    expect((await gateway.call("GET", `/api/v1/flows/${link.flowId}`, tokenProof(made))).status).toBe(404);
    expect((await gateway.call("GET", `/api/v1/flows/${VALID_SHAPE}`, keyProof(alice.key))).status).toBe(404);
  });

  it("A07: expired by a millisecond, never issued, malformed and 1 MB of token are one answer", async () => {
    let now = Date.now();
    scene = await setScene({
      gateway: { ...LINKS_ON, clock: { ...systemClock, now: () => now } },
    });
    const { gateway, alice } = scene;
    const link = await scene.askForLink(alice.key);
    const path = `/api/v1/flows/${link.flowId}`;
    const { body } = await gateway.call("GET", path, tokenProof(link.token ?? ""));
    const expiresAt = Number(body["expires_at"]);

    now = expiresAt - 1;
    expect((await gateway.call("GET", path, tokenProof(link.token ?? ""))).status).toBe(200);
    for (const at of [expiresAt, expiresAt + 1]) {
      now = at;
      const expired = await gateway.call("GET", path, tokenProof(link.token ?? ""));
      const never = await gateway.call("GET", `/api/v1/flows/${VALID_SHAPE}`, tokenProof(link.token ?? ""));
      const malformed = await gateway.call("GET", path, tokenProof("kwt_x"));
      const put = await submit(gateway, link.flowId, tokenProof(link.token ?? ""), {
        "X-API-Key": canaryValue("late"),
      });
      expect([expired.status, never.text, malformed.text, put.text]).toEqual([404, ...Array(3).fill(expired.text)]);
    }
    // More than the header block may hold: refused by the HTTP parser, before any look-up.
    expect([400, 404, 431]).toContain(await statusOfHugeToken(gateway, path));
  });

  it("A08: previews, prefetches, HEAD and 1,000 looks change nothing and count no attempt", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const link = await scene.askForLink(alice.key);
    const path = `/api/v1/flows/${link.flowId}`;
    const before = (await gateway.call("GET", path, tokenProof(link.token ?? ""))).body;
    const events = (await gateway.admin("GET", "/api/v1/audit?limit=500")).body["items"] as object[];
    for (let i = 0; i < 250; i += 1) {
      await Promise.all([
        gateway.call("GET", `/connect/${link.flowId}`, { "sec-purpose": "prefetch" }),
        gateway.call("HEAD", `/connect/${link.flowId}`),
        gateway.call("HEAD", path, tokenProof(link.token ?? "")),
        gateway.call("GET", path, tokenProof(link.token ?? "")),
      ]);
    }
    const { now: _before, ...was } = before;
    const { now: _after, ...is } = (await gateway.call("GET", path, tokenProof(link.token ?? ""))).body;
    expect(is).toEqual(was);
    expect((await gateway.admin("GET", "/api/v1/audit?limit=500")).body["items"]).toHaveLength(events.length);
  });

  it("A14: of 50 submits on two replicas one wins, with one version step and one audit row", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const replica = await secondReplica();
    const link = await scene.askForLink(alice.key);
    const values = Array.from({ length: 50 }, (_, i) => scene.goodValue(`racer${i}`));
    const answers = await Promise.all(
      values.map((value, i) =>
        submit(i % 2 === 0 ? gateway : replica, link.flowId, tokenProof(link.token ?? ""), { "X-API-Key": value }),
      ),
    );
    // While one is verified no other is: the server is shown one value only.
    const tried = values.filter((value) => scene.upstream.received.some(({ headerValue }) => headerValue === value));
    expect(tried).toHaveLength(1);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    // 429: each replica judges at most 20 submissions of one link in a minute.
    expect(statuses.filter((status) => ![200, 404, 409, 429].includes(status))).toEqual([]);
    expect(await storedVersion(gateway)).toEqual([[1, expect.any(Number)]]);
    expect(await auditCount(gateway, "credential.stored")).toBe(1);
    // What counts is the winner's value, not the last loser's.
    expect((await callTool(replica, alice.key, "notes-whoami")).result.isError ?? false).toBe(false);
  });

  it("A15: 50 initiations on two replicas are one flow, and every link handed out works", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice, serverId } = scene;
    const replica = await secondReplica();
    const [one, two] = [await libraryProvider(), await libraryProvider()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        (i % 2 === 0 ? one : two).initiateUserSubmissionFlow({
          mode: "virtual_key",
          identity: alice.id,
          serverId,
          baseUrl: `${gateway.url}/`,
        }),
      ),
    );
    const flowIds = new Set(answers.map(({ flowId }) => flowId));
    expect(flowIds.size).toBe(1);
    const [flowId] = flowIds;
    const tokens = answers.map(({ url }) => new URL(url).hash.slice(3)).filter((token) => token !== "");
    expect(new Set(tokens).size).toBe(3);
    for (const token of tokens) {
      expect((await replica.call("GET", `/api/v1/flows/${flowId}`, tokenProof(token))).status).toBe(200);
    }
    expect((await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(alice.key))).status).toBe(200);
    expect(await auditCount(gateway, "flow.requested")).toBe(1);
  });

  it("A16: a model that loops the call 1,000 times does not disturb the form that is open", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice } = scene;
    const open = await scene.askForLink(alice.key);
    let limited = 0;
    for (let i = 0; i < 50; i += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => callTool(gateway, alice.key, "notes-whoami")));
      for (const { status, result, text } of answers) {
        expect([status, result.isError]).toEqual([200, true]);
        limited += text.includes("/connect/") ? 0 : 1;
      }
    }
    expect(limited).toBeGreaterThan(980);
    expect(await auditCount(gateway, "flow.requested")).toBe(1);
    const answer = await submit(gateway, open.flowId, tokenProof(open.token ?? ""), {
      "X-API-Key": scene.goodValue("patient"),
    });
    expect(answer.status).toBe(200);
  });

  it("A20: says names of what is on file, and never a value, its beginning or its length", async () => {
    scene = await setScene({ gateway: LINKS_ON });
    const { gateway, alice, serverId } = scene;
    const value = scene.goodValue("on-file");
    await scene.connect(alice.key, value);
    const again = await gateway.call(
      "POST",
      `/api/v1/servers/${serverId}/flow`,
      { authorization: `Bearer ${alice.key}` },
      {},
    );
    const flowId = textIn(again.body, "flow_id");
    const view = await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(alice.key));
    expect(view.body["fields"]).toEqual([expect.objectContaining({ name: "x-api-key", on_file: true })]);
    const refused = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": canaryValue("wrong") });
    expect(refused.status).toBe(422);
    const malformed = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": `${value}\n${value}` });
    expect(malformed.status).toBe(400);
    for (const { text } of [view, refused, malformed]) {
      expect(text).not.toContain(value.slice(0, 8));
      expect(text).not.toMatch(new RegExp(`\\b${value.length}\\b`));
    }
  });

  it("A02: of somebody else is not opened by one's own key, and ten wrong keys close it", async () => {
    scene = await setScene();
    const { gateway, alice } = scene;
    const mallory = await gateway.issueKey("mallory");
    const link = await scene.askForLink(alice.key);
    const path = `/api/v1/flows/${link.flowId}`;
    for (let i = 0; i < 9; i += 1) {
      expect((await gateway.call("GET", path, keyProof(mallory.key))).status).toBe(404);
    }
    expect((await gateway.call("GET", path, keyProof(alice.key))).status).toBe(200);
    const put = await submit(gateway, link.flowId, keyProof(mallory.key), { "X-API-Key": scene.goodValue("planted") });
    expect(put.status).toBe(404);
    expect((await gateway.call("GET", path, keyProof(alice.key))).status).toBe(404);
    expect(await auditCount(gateway, "flow.opener_mismatch")).toBe(10);
    // The next call makes a new one.
    const fresh = await scene.askForLink(alice.key);
    expect(fresh.flowId).not.toBe(link.flowId);
    expect((await gateway.call("GET", `/api/v1/flows/${fresh.flowId}`, keyProof(alice.key))).status).toBe(200);
  });
});

function statusOfHugeToken(gateway: TestGateway, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway.url);
    const headers = { authorization: `Keyward-Temp-Token kwt_${"A".repeat(1_048_576)}` };
    const outgoing = request({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("error", reject).end();
  });
}
