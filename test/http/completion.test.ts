import { expect, it } from "vitest";
import { createScene, GOOD_VALUES } from "./scene.ts";

const PUT_BODY = { body: { headers: GOOD_VALUES } };

it("A50: values are announced once each time they are stored, when they can be read and not before", async () => {
  const scene = await createScene();
  for (const version of [1, 2]) {
    const { flowId } = await scene.startFlow();
    expect(scene.announced, "opening a link announces nothing").toHaveLength(version - 1);
    expect((await scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, ...PUT_BODY })).status).toBe(200);
    expect(scene.announced).toHaveLength(version);
    const last = scene.announced.at(-1);
    expect(last?.binding).toEqual({
      identity: { mode: "virtual_key", id: scene.owner.id },
      serverId: scene.serverId,
    });
    expect((await last?.stored)?.version).toBe(version);
  }
});

it("A50: nothing is announced for values that were refused, could not be judged or came too late", async () => {
  const scene = await createScene();
  const { flowId } = await scene.startFlow();
  const put = () => scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, ...PUT_BODY });
  scene.answerVerify({ kind: "rejected", step: "connect" });
  expect((await put()).status).toBe(422);
  scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
  expect((await put()).status).toBe(503);
  expect((await scene.send(`PUT /api/v1/flows/flow_none`, { as: scene.owner.key, ...PUT_BODY })).status).toBe(404);
  expect(scene.announced).toEqual([]);
});
