import { expect } from "vitest";
import { keyProof, submit } from "./person.ts";
import { startTestGateway, textIn } from "./test-gateway.ts";

/** A key with a stored value, and a link that is open for another one. */
export interface OpenLink {
  readonly key: string;
  readonly flowId: string;
}

/** Prepares the database of a folder, through a gateway that has stopped again. @param value what is stored */
export async function prepareLink(folder: string, upstreamUrl: string, value: string): Promise<OpenLink> {
  const gateway = await startTestGateway({ folder });
  const serverId = await gateway.register("notes", upstreamUrl, value);
  const { id, key } = await gateway.issueKey("alice");
  await gateway.grant(serverId, id);
  const open = async (): Promise<string> =>
    textIn((await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, keyProof(key), {})).body, "flow_id");
  expect((await submit(gateway, await open(), keyProof(key), { "X-API-Key": value })).status).toBe(200);
  const flowId = await open();
  await gateway.close();
  return { key, flowId };
}
