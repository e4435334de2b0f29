import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool, type RpcAnswer } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* A key that dies after it was stored. */

let scene: Scene;

beforeEach(async () => {
  scene = await setScene();
  await scene.connect(scene.alice.key, scene.goodValue("alice"));
  scene.upstream.received.length = 0;
});

afterEach(() => scene.close());

function call(): Promise<RpcAnswer> {
  return callTool(scene.gateway, scene.alice.key, "notes-whoami");
}

async function status(): Promise<unknown> {
  const { body } = await scene.gateway.admin("GET", "/api/v1/credentials");
  return (body["items"] as unknown as { status: string }[]).map((row) => row.status);
}

function toolCalls(): number {
  return scene.upstream.received.filter(({ tool }) => tool !== undefined).length;
}

describe("a stored value that the server refuses", () => {
  it("A57: is tried once more, never by the tool, then marked, and the same answer carries the link", async () => {
    scene.upstream.change({ accepts: () => false });
    const answer = await call();
    const { flowId } = linkIn(answer.text);
    expect(answer.result.structuredContent).toMatchObject({ reason: "rejected" });
    expect([await status(), toolCalls()]).toEqual([["rejected"], 1]);
    const events = await scene.gateway.admin("GET", "/api/v1/audit?action=credential.rejected");
    expect(events.body["items"]).toHaveLength(1);

    // From now on nothing is sent with it.
    scene.upstream.received.length = 0;
    expect((await call()).text).toContain("/connect/");
    expect(scene.upstream.received).toEqual([]);

    const fresh = scene.goodValue("fresh");
    scene.upstream.change({ accepts: (value) => value === fresh });
    expect((await submit(scene.gateway, flowId, keyProof(scene.alice.key), { "X-API-Key": fresh })).status).toBe(200);
    expect([(await call()).result.isError ?? false, await status()]).toEqual([false, ["active"]]);
  });

  it("A57: for one call only keeps its value: no link, nothing marked", async () => {
    scene.upstream.misbehave({ kind: "status", status: 403, on: ["tools/call"] });
    const answer = await call();
    expect([answer.result.isError, answer.text.includes("/connect/")]).toEqual([true, false]);
    expect(answer.text).toContain("may lack a permission");
    expect(await status()).toEqual(["active"]);
  });

  it("A57: is not asked about in a loop: ten refused calls are three second looks", async () => {
    scene.upstream.misbehave({ kind: "status", status: 403, on: ["tools/call"] });
    for (let i = 0; i < 10; i += 1) {
      await call();
    }
    expect(scene.upstream.received.filter(({ method }) => method === "tools/list")).toHaveLength(3);
  });

  it.each([
    ["500", { kind: "status", status: 500 }],
    ["a dropped connection", { kind: "close_early" }],
    [
      "a tool error that says unauthorized",
      { kind: "result", result: { isError: true, content: [{ type: "text", text: "401 unauthorized" }] } },
    ],
  ] as const)("A57: is not marked by %s, however often", async (_what, behaviour) => {
    scene.upstream.misbehave({ ...behaviour, on: ["tools/call"] });
    for (let i = 0; i < 5; i += 1) {
      await call();
    }
    scene.upstream.misbehave(null);
    expect([await status(), (await call()).result.isError ?? false]).toEqual([["active"], false]);
  });

  it("A57: is not marked when the second look finds the server away", async () => {
    let requests = 0;
    scene.upstream.change({
      accepts: () => false,
      before: async () => {
        requests += 1;
        if (requests > 1) {
          scene.upstream.misbehave({ kind: "status", status: 503 });
        }
      },
    });
    expect((await call()).text).not.toContain("/connect/");
    expect(await status()).toEqual(["active"]);
  });
});
