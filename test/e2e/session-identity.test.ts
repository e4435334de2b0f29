import { afterEach, beforeEach, expect, it } from "vitest";
import { canaryValue } from "../helpers/canary.ts";
import { linkIn, submit } from "../helpers/person.ts";
import { rpc } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* `KEYWARD_SESSION_IDENTITIES=on`: a value that the client names is the identity. It is looked for in files and logs too. */

let scene: Scene;
const SESSION = canaryValue("session-of-an-agent");
const OTHER = canaryValue("session-of-another");
const CALL = { name: "notes-whoami", arguments: {} };

beforeEach(async () => {
  scene = await setScene({ gateway: { env: { KEYWARD_SESSION_IDENTITIES: "on" } } });
  await scene.gateway.admin("PATCH", `/api/v1/servers/${scene.serverId}`, { allow_all_identities: true });
  scene.upstream.received.length = 0;
});

afterEach(() => scene.close());

function as(session: string): Record<string, string> {
  return { "keyward-session": session };
}

it("a session connects by its own value, and the value is kept nowhere", async () => {
  const { gateway } = scene;
  const { flowId } = linkIn((await rpc(gateway, "/mcp", as(SESSION), "tools/call", CALL)).text);
  expect((await submit(gateway, flowId, as(OTHER), { "X-API-Key": scene.goodValue("x") })).status).toBe(404);
  expect((await submit(gateway, flowId, as(SESSION), { "X-API-Key": scene.goodValue("x") })).status).toBe(200);
  expect((await rpc(gateway, "/mcp", as(SESSION), "tools/call", CALL)).result.isError ?? false).toBe(false);
  expect((await rpc(gateway, "/mcp", as(OTHER), "tools/call", CALL)).text).toContain("/connect/");
});

it("a value shorter than 32 characters is no identity", async () => {
  expect((await rpc(scene.gateway, "/mcp", as("s".repeat(31)), "tools/call", CALL)).status).toBe(401);
  expect((await rpc(scene.gateway, "/mcp", as(""), "tools/call", CALL)).status).toBe(401);
});

it("a session and a key in one request are refused", async () => {
  const both = { ...as(SESSION), authorization: `Bearer ${scene.alice.key}` };
  expect((await rpc(scene.gateway, "/mcp", both, "tools/call", CALL)).status).toBe(401);
});
