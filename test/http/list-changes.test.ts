import { expect, it } from "vitest";
import { createScene, SERVER } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp } from "./test-app.ts";

it("a server that is made, edited, verified, granted or deleted changes everyone's lists", async () => {
  const scene = await createScene();
  const { serverId, send, changed } = scene;
  const requests: readonly [string, unknown][] = [
    [`PATCH /api/v1/servers/${serverId}`, { tools: [] }],
    [`POST /api/v1/servers/${serverId}/verify`, { sample_headers: SERVER.sample_headers }],
    [`PUT /api/v1/servers/${serverId}/grants`, { grants: [] }],
    [`DELETE /api/v1/servers/${serverId}`, undefined],
  ];
  expect(changed[0]).toEqual({ serverId });
  for (const [request, body] of requests) {
    changed.length = 0;
    expect((await send(request, { as: ADMIN_TOKEN, body })).status, request).toBeLessThan(300);
    expect(changed, request).toEqual([{ serverId }]);
  }
});

it("a credential that is revoked changes its owner's lists, and nobody else's", async () => {
  const { connect, serverId, owner, send, changed } = await createScene();
  const id = await connect();
  changed.length = 0;
  await send(`DELETE /api/v1/credentials/${id}`, { as: owner.key });
  expect(changed).toEqual([{ serverId, identity: { mode: "virtual_key", id: owner.id } }]);
});

it("what is refused changes nothing", async () => {
  const { send, changed } = await createTestApp();
  for (const request of ["PATCH", "DELETE"]) {
    await send(`${request} /api/v1/servers/srv_x`, { as: ADMIN_TOKEN, body: request === "PATCH" ? {} : undefined });
  }
  await send("PUT /api/v1/servers/srv_x/grants", { as: ADMIN_TOKEN, body: { grants: [] } });
  await send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: { ...SERVER, name: "not-a-name" } });
  expect(changed).toEqual([]);
});
