import { expect } from "vitest";
import { tellOf } from "./set-note.ts";
import { keyProof, submit } from "./person.ts";
import { type TestGateway, textIn } from "./test-gateway.ts";

/** Somebody who may use a server, and has given it a value. */
interface Connected {
  readonly id: string;
  /** The key for the gateway. */
  readonly key: string;
}

/** Lets somebody, new or known, use a server besides those who may already, and stores a value. */
export async function connectTo(
  gateway: TestGateway,
  server: { readonly id: string; readonly name: string },
  value: string,
  person?: Connected,
): Promise<Connected> {
  const connected = person ?? (await gateway.issueKey(`somebody at ${server.name}`));
  const before = (await gateway.admin("GET", `/api/v1/servers/${server.id}/grants`)).body["grants"] as object[];
  const grants = [...before, { auth_mode: "virtual_key", identity: connected.id }];
  await gateway.admin("PUT", `/api/v1/servers/${server.id}/grants`, { grants });
  await giveValue(gateway, server.id, connected.key, value);
  return connected;
}

/**
 * Stores a value, or replaces it, as the holder of a key, who is told of it here: so every result is the server's own.
 * @returns the credential's id
 */
export async function giveValue(gateway: TestGateway, serverId: string, key: string, value: string): Promise<string> {
  const flow = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, keyProof(key), {});
  const { status, body } = await submit(gateway, textIn(flow.body, "flow_id"), keyProof(key), { "X-API-Key": value });
  expect(status).toBe(200);
  const credentialId = textIn(body, "credential_id");
  await tellOf(gateway, credentialId, Number(body["version"]));
  return credentialId;
}
