import { startHeaderUpstream, type HeaderUpstream, type HeaderUpstreamOptions } from "../fixtures/header-upstream.ts";
import { canaryValue } from "./canary.ts";
import { keyProof, linkIn, submit, type Link } from "./person.ts";
import { callTool } from "./rpc.ts";
import { startTestGateway, textIn, type TestGateway, type TestGatewayOptions } from "./test-gateway.ts";

/** A gateway with one registered server, `notes`, that demands `x-api-key`, and a key for Alice who may use it. */
export interface Scene {
  readonly gateway: TestGateway;
  readonly upstream: HeaderUpstream;
  readonly serverId: string;
  readonly alice: { readonly id: string; readonly key: string };
  /** A value that the upstream accepts; a new one each time. */
  goodValue(label: string): string;
  /** From now on the upstream refuses the value. */
  spoil(value: string): void;
  /** Calls a tool as the holder of a key and returns the link in the answer. */
  askForLink(key: string): Promise<Link>;
  /** Stores a value for the holder of a key, through link and form. @returns the credential's id */
  connect(key: string, value: string): Promise<string>;
  close(): Promise<void>;
}

export async function setScene(
  options: { readonly gateway?: TestGatewayOptions; readonly upstream?: HeaderUpstreamOptions } = {},
): Promise<Scene> {
  const good = new Set<string>();
  const goodValue = (label: string): string => {
    const value = canaryValue(label);
    good.add(value);
    return value;
  };
  const upstream = await startHeaderUpstream({ accepts: (value) => good.has(value), ...options.upstream });
  const gateway = await startTestGateway(options.gateway);
  const serverId = await gateway.register("notes", upstream.url, goodValue("sample"));
  const alice = await gateway.issueKey("alice");
  await gateway.grant(serverId, alice.id);
  upstream.received.length = 0;

  async function askForLink(key: string): Promise<Link> {
    return linkIn((await callTool(gateway, key, "notes-whoami")).text);
  }

  return {
    gateway,
    upstream,
    serverId,
    alice,
    goodValue,
    spoil: (value) => void good.delete(value),
    askForLink,
    async connect(key, value) {
      const { flowId } = await askForLink(key);
      const { status, body } = await submit(gateway, flowId, keyProof(key), { "X-API-Key": value });
      if (status !== 200) {
        throw new Error(`the submission was answered with ${status}`);
      }
      return textIn(body, "credential_id");
    },
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}
