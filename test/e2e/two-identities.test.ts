import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

const CALLS = 1_000;
const AT_ONCE = 20;

let upstream: HeaderUpstream;
let gateway: TestGateway;
const people = { alice: canaryValue("alice"), bob: canaryValue("bob") };
const sample = canaryValue("sample");

beforeEach(async () => {
  const known = new Set([...Object.values(people), sample]);
  upstream = await startHeaderUpstream({ accepts: (value) => known.has(value), era: "legacy", stateful: true });
  gateway = await startTestGateway();
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

async function connect(serverId: string, value: string): Promise<string> {
  const { id, key } = await gateway.issueKey(`key ${value.slice(14, 19)}`);
  const before = (await gateway.admin("GET", `/api/v1/servers/${serverId}/grants`)).body["grants"];
  const grants = [...(before as object[]), { auth_mode: "virtual_key", identity: id }];
  await gateway.admin("PUT", `/api/v1/servers/${serverId}/grants`, { grants });
  const { flowId } = linkIn((await callTool(gateway, key, "notes-whoami")).text);
  expect((await submit(gateway, flowId, keyProof(key), { "X-API-Key": value })).status).toBe(200);
  return key;
}

function fingerprint(value: string): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 12);
}

describe("two identities on one server", () => {
  it("A41: 1,000 interleaved calls, each with its own key and its own answer", async () => {
    const serverId = await gateway.register("notes", upstream.url, sample);
    const keys = { alice: await connect(serverId, people.alice), bob: await connect(serverId, people.bob) };
    const first = (await callTool(gateway, keys.alice, "notes-whoami")).text;
    expect((await callTool(gateway, keys.bob, "notes-whoami")).text).not.toBe(first);
    upstream.received.length = 0;

    const answers = { alice: new Set<string>(), bob: new Set<string>() };
    let next = 0;
    async function caller(): Promise<void> {
      while (next < CALLS) {
        const call = next++;
        const person = call % 2 === 0 ? "alice" : "bob";
        const { text, result } = await callTool(gateway, keys[person], "notes-echo", { message: `${person} ${call}` });
        expect(result.isError ?? false).toBe(false);
        expect(text).toContain(`${person} ${call}`);
        answers[person].add((await callTool(gateway, keys[person], "notes-whoami")).text);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, caller));

    expect([answers.alice.size, answers.bob.size]).toEqual([1, 1]);
    expect([...answers.alice][0]).toContain(fingerprint(people.alice));
    expect([...answers.bob][0]).toContain(fingerprint(people.bob));
    const echoes = upstream.received.filter((request) => request.tool === "echo");
    expect(echoes).toHaveLength(CALLS);
    for (const { headerValue, params } of echoes) {
      const message = String((params["arguments"] as Record<string, unknown>)["message"]);
      expect(headerValue).toBe(message.startsWith("alice") ? people.alice : people.bob);
    }
  });
});
