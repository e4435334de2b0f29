import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { errorCode, startTestGateway } from "../helpers/test-gateway.ts";

it("A72: while the audit log is locked calls go on, and changes are refused once they have waited", async () => {
  const value = canaryValue("locked");
  const upstream = await startHeaderUpstream({ accepts: (given) => given === value });
  const gateway = await startTestGateway();
  const serverId = await gateway.register("notes", upstream.url, value);
  const { id, key } = await gateway.issueKey("alice");
  await gateway.grant(serverId, id);
  const { flowId } = linkIn((await callTool(gateway, key, "notes-whoami")).text);
  expect((await submit(gateway, flowId, keyProof(key), { "X-API-Key": value })).status).toBe(200);

  const other = new DatabaseSync(join(gateway.folder, "keyward.db"));
  other.exec("begin immediate");
  const change = gateway.admin("POST", "/api/v1/virtual-keys", { name: "bob" });
  for (let i = 0; i < 5; i += 1) {
    expect((await callTool(gateway, key, "notes-whoami")).text).not.toBe("");
  }
  const refused = await change;
  expect([refused.status, errorCode(refused)]).toEqual([503, "credential_store_unavailable"]);
  expect((await gateway.call("GET", "/readyz")).status).toBe(503);
  other.exec("rollback");
  other.close();
  expect((await gateway.admin("POST", "/api/v1/virtual-keys", { name: "bob" })).status).toBe(201);
  await gateway.close();
  await upstream.close();
});
