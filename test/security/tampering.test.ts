import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engineOf } from "../helpers/engine.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { startTestGateway, textIn } from "../helpers/test-gateway.ts";

/* Whoever can write to the database, but does not have the key. */

let scene: Scene;
let bob: { readonly id: string; readonly key: string };

beforeEach(async () => {
  scene = await setScene();
  bob = await scene.gateway.issueKey("bob");
  await scene.gateway.grant(scene.serverId, scene.alice.id, bob.id);
  await scene.connect(scene.alice.key, scene.goodValue("alice"));
  await scene.connect(bob.key, scene.goodValue("bob"));
  scene.upstream.received.length = 0;
});

afterEach(() => scene.close());

async function write(sql: string, ...values: (string | number | Uint8Array)[]): Promise<void> {
  await (await engineOf(scene.gateway.folder)).query(sql, ...values);
}

async function sealedOf(identityId: string): Promise<Uint8Array> {
  const engine = await engineOf(scene.gateway.folder);
  const [row] = await engine.query("select sealed from header_credentials where identity_id = ?", identityId);
  return row?.["sealed"] as Uint8Array;
}

/** Not known is not the same as not there: no link, no other credential, nothing sent. */
async function expectUnavailable(key: string, tool = "notes-whoami"): Promise<void> {
  const call = await callTool(scene.gateway, key, tool);
  expect(call.body["error"]).toMatchObject({ code: -32603, data: { code: "credential_unreadable" } });
  expect(JSON.stringify(call.body)).not.toContain("/connect/");
  expect(scene.upstream.received).toEqual([]);
}

describe("a stored value", () => {
  it("A22: that is copied into another identity's row opens for neither", async () => {
    await write(
      "update header_credentials set sealed = ? where identity_id = ?",
      await sealedOf(scene.alice.id),
      bob.id,
    );
    await expectUnavailable(bob.key);
  });

  it.each([
    ["origin", "update header_credentials set origin = 'http://127.0.0.1:1'"],
    ["version", "update header_credentials set version = version + 1"],
    ["schema revision", "update header_credentials set schema_revision = schema_revision + 1"],
  ])("A22: whose row is given another %s is not sent", async (what, sql) => {
    await write(sql);
    if (what === "origin") {
      // The row says that it belongs elsewhere: it is asked for anew, and never sent to here.
      expect((await callTool(scene.gateway, scene.alice.key, "notes-whoami")).text).toContain("/connect/");
      expect(scene.upstream.received).toEqual([]);
    } else {
      await expectUnavailable(scene.alice.key);
    }
  });

  it("A22: whose whole row is moved to another identity, or to another server of that origin, is not sent", async () => {
    await write("delete from header_credentials where identity_id = ?", bob.id);
    await write("update header_credentials set identity_id = ?", bob.id);
    await expectUnavailable(bob.key);

    const twin = await scene.gateway.register("twin", scene.upstream.url, scene.goodValue("sample"));
    await scene.gateway.grant(twin, scene.alice.id);
    await write("update header_credentials set identity_id = ?, server_id = ?", scene.alice.id, twin);
    scene.upstream.received.length = 0;
    await expectUnavailable(scene.alice.key, "twin-whoami");
  });

  it("A22: in a database that is passed off as another deployment's stops the start", async () => {
    await scene.gateway.running.stop();
    await write("update settings set value = 'dep_other' where key = 'deployment_id'");
    await expect(startTestGateway({ folder: scene.gateway.folder })).rejects.toMatchObject({
      code: "encryption_key_wrong",
    });
  });

  it("A23: that was replaced does not come back with its old bytes", async () => {
    const old = await sealedOf(scene.alice.id);
    const { body } = await scene.gateway.call(
      "POST",
      `/api/v1/servers/${scene.serverId}/flow`,
      keyProof(scene.alice.key),
      {},
    );
    const fresh = { "X-API-Key": scene.goodValue("fresh") };
    expect((await submit(scene.gateway, textIn(body, "flow_id"), keyProof(scene.alice.key), fresh)).status).toBe(200);
    scene.upstream.received.length = 0;
    await write("update header_credentials set sealed = ? where identity_id = ?", old, scene.alice.id);
    await expectUnavailable(scene.alice.key);
  });

  it("A21: that is damaged is not used, not deleted, and replaced only by a whole new submission", async () => {
    const damaged = Uint8Array.from(await sealedOf(scene.alice.id));
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await write("update header_credentials set sealed = ? where identity_id = ?", damaged, scene.alice.id);
    await expectUnavailable(scene.alice.key);
    expect(Buffer.from(await sealedOf(scene.alice.id)).equals(Buffer.from(damaged))).toBe(true);
    expect((await callTool(scene.gateway, bob.key, "notes-whoami")).result.isError ?? false).toBe(false);

    const { body } = await scene.gateway.call(
      "POST",
      `/api/v1/servers/${scene.serverId}/flow`,
      keyProof(scene.alice.key),
      {},
    );
    const flowId = textIn(body, "flow_id");
    expect((await submit(scene.gateway, flowId, keyProof(scene.alice.key), { "X-API-Key": "" })).status).toBe(400);
    const fresh = { "X-API-Key": scene.goodValue("fresh") };
    expect((await submit(scene.gateway, flowId, keyProof(scene.alice.key), fresh)).status).toBe(200);
    expect((await callTool(scene.gateway, scene.alice.key, "notes-whoami")).result.isError ?? false).toBe(false);
  });

  it("A05: a digest that is written into the database mints no key", async () => {
    const made = "kw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4Tlhhr";
    const { createHash } = await import("node:crypto");
    for (const digest of [made, createHash("sha256").update(made).digest("hex")]) {
      await write("update virtual_keys set digest = ? where id = ?", digest, bob.id);
      expect((await callTool(scene.gateway, made, "notes-whoami")).status).toBe(401);
    }
  });
});
