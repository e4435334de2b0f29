import { afterEach, beforeEach, expect, it } from "vitest";
import type { Clock } from "../../src/core/ports.ts";
import { systemClock } from "../../src/server/system.ts";
import { engineOf } from "../helpers/engine.ts";
import { callTool } from "../helpers/rpc.ts";
import { type Scene, setScene } from "../helpers/scene.ts";
import { errorCode } from "../helpers/test-gateway.ts";

/** Somebody else has a lock on the log of what is done: nothing can be written without it. */

/**
 * On SQLite the 5 s that a write waits for a lock are asked for in small pieces, which pass faster here. On PostgreSQL they
 * pass in the server.
 */
const HURRIED: Clock = {
  ...systemClock,
  schedule: (delayMs, task, options) =>
    systemClock.schedule(delayMs < 1_000 ? Math.ceil(delayMs / 20) : delayMs, task, options),
};

let scene: Scene;

beforeEach(async () => {
  scene = await setScene({ gateway: { clock: HURRIED } });
});
afterEach(async () => {
  await scene.close();
});

it("A72: while the log cannot be written calls go on, changes are refused, and afterwards each has one event", async () => {
  const { gateway, alice, upstream } = scene;
  const id = await scene.connect(alice.key, scene.goodValue("v"));
  const unlock = await (await engineOf(gateway.folder)).lockLog();

  const calls = await Promise.all(Array.from({ length: 40 }, () => callTool(gateway, alice.key, "notes-whoami")));
  expect(calls.map(({ status, result }) => [status, result.isError ?? false])).toEqual(calls.map(() => [200, false]));
  const refused = await Promise.all([
    gateway.admin("DELETE", `/api/v1/credentials/${id}`),
    gateway.admin("POST", "/api/v1/virtual-keys", { name: "bob" }),
    gateway.admin("PUT", `/api/v1/servers/${scene.serverId}/grants`, { grants: [] }),
  ]);
  expect(refused.map((answer) => [answer.status, errorCode(answer)])).toEqual(
    refused.map(() => [503, "credential_store_unavailable"]),
  );
  // What was refused has not happened, not even a little.
  expect((await callTool(gateway, alice.key, "notes-whoami")).result.isError ?? false).toBe(false);

  await unlock();
  expect((await gateway.admin("DELETE", `/api/v1/credentials/${id}`)).status).toBe(204);
  const { body } = await gateway.admin("GET", "/api/v1/audit?limit=500");
  const actions = (body["items"] as { action: string }[]).map(({ action }) => action);
  expect(actions.filter((action) => action === "credential.revoked")).toHaveLength(1);
  expect(actions.filter((action) => action === "virtual_key.created")).toHaveLength(1);
  expect(actions.filter((action) => action === "grants.replaced")).toHaveLength(1);
  upstream.received.length = 0;
  expect((await callTool(gateway, alice.key, "notes-whoami")).text).toContain("/connect/");
  expect(upstream.received).toEqual([]);
});

it("A72: a missing key is not asked for as long as no link can be written: that is unavailable", async () => {
  const { gateway, alice } = scene;
  const unlock = await (await engineOf(gateway.folder)).lockLog();
  const { status, body } = await callTool(gateway, alice.key, "notes-whoami");
  expect([status, body["error"]]).toEqual([
    200,
    expect.objectContaining({ data: expect.objectContaining({ code: "credential_store_unavailable" }) }),
  ]);
  await unlock();
  expect((await callTool(gateway, alice.key, "notes-whoami")).text).toContain("/connect/");
});
