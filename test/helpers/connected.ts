import { keyProof, linkIn, submit } from "./person.ts";
import { callTool } from "./rpc.ts";
import { type TestGateway, textIn } from "./test-gateway.ts";

/** Somebody who may use a server, and has given it a value. */
export interface Connected {
  readonly id: string;
  /** The key for the gateway. */
  readonly key: string;
  readonly credentialId: string;
}

/** Issues a key, lets it use a server besides those who may already, and stores a value through link and form. */
export async function connectTo(
  gateway: TestGateway,
  server: { readonly id: string; readonly name: string },
  value: string,
  person?: { readonly id: string; readonly key: string },
): Promise<Connected> {
  const { id, key } = person ?? (await gateway.issueKey(`person ${String(Math.random()).slice(2)}`));
  const before = (await gateway.admin("GET", `/api/v1/servers/${server.id}/grants`)).body["grants"] as object[];
  const grants = [...before, { auth_mode: "virtual_key", identity: id }];
  await gateway.admin("PUT", `/api/v1/servers/${server.id}/grants`, { grants });
  const { flowId } = linkIn((await callTool(gateway, key, "any", {}, `/mcp/${server.name}`)).text);
  const { status, body } = await submit(gateway, flowId, keyProof(key), { "X-API-Key": value });
  if (status !== 200) {
    throw new Error(`the submission was answered with ${status}`);
  }
  return { id, key, credentialId: textIn(body, "credential_id") };
}
