import { describe, expect, it } from "vitest";
import { createScene } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf, type TestApp } from "./test-app.ts";

async function makeGroup({ send }: TestApp, name: string): Promise<string> {
  return String((await send("POST /api/v1/groups", { as: ADMIN_TOKEN, body: { name } })).json["id"]);
}

async function makeUser({ send }: TestApp, name: string): Promise<string> {
  const body = { name, email: `${name}@example.com` };
  const made = await send("POST /api/v1/users", { as: ADMIN_TOKEN, body });
  return (made.json["user"] as { id: string }).id;
}

describe("a group", () => {
  it("is made, renamed, listed by name and removed; a name is taken whatever its letter case", async () => {
    const test = await createTestApp();
    const { send } = test;
    const made = await send("POST /api/v1/groups", { as: ADMIN_TOKEN, body: { name: "ops" } });
    expect([made.status, made.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^grp_/) as string,
        name: "ops",
        members_count: 0,
        created_at: test.clock.now,
      },
    ]);
    await makeGroup(test, "dev");
    const path = `/api/v1/groups/${String(made.json["id"])}`;
    expect(outcomeOf(await send("POST /api/v1/groups", { as: ADMIN_TOKEN, body: { name: "OPS" } }))).toBe(
      "409 name_taken",
    );
    expect(outcomeOf(await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { name: "Dev" } }))).toBe("409 name_taken");
    expect((await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { name: "Ops" } })).json["name"]).toBe("Ops");
    const list = await send("GET /api/v1/groups", { as: ADMIN_TOKEN });
    expect(list.json["items"]).toMatchObject([{ name: "dev" }, { name: "Ops" }]);
    expect((await send(`DELETE ${path}`, { as: ADMIN_TOKEN })).status).toBe(204);
    for (const request of [`GET ${path}`, `DELETE ${path}`, `GET ${path}/members`]) {
      expect(outcomeOf(await send(request, { as: ADMIN_TOKEN })), request).toBe("404 group_not_found");
    }
    expect(outcomeOf(await send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { name: "x" } }))).toBe(
      "404 group_not_found",
    );
    expect(outcomeOf(await send(`PATCH ${path}/members`, { as: ADMIN_TOKEN, body: {} }))).toBe("404 group_not_found");
  });

  it("has members, who come and go in one request; whoever is one already stays", async () => {
    const test = await createTestApp();
    const { send } = test;
    const path = `/api/v1/groups/${await makeGroup(test, "ops")}`;
    const [ada, bob] = [await makeUser(test, "ada"), await makeUser(test, "bob")];
    const change = async (body: object): Promise<unknown> =>
      (await send(`PATCH ${path}/members`, { as: ADMIN_TOKEN, body })).json;
    const members = async (): Promise<unknown[]> =>
      ((await send(`GET ${path}/members`, { as: ADMIN_TOKEN })).json["items"] as { id: string }[]).map(({ id }) => id);
    expect(await change({ add: [ada, ada] })).toMatchObject({ name: "ops", members_count: 1, orphaned: 0 });
    expect(await change({ add: [ada, bob], remove: ["usr_unknown"] })).toMatchObject({ members_count: 2 });
    expect(await members()).toEqual([ada, bob]);
    expect(await change({ remove: [ada] })).toMatchObject({ members_count: 1 });
    expect(await members()).toEqual([bob]);
    const unknown = await send(`PATCH ${path}/members`, { as: ADMIN_TOKEN, body: { add: ["usr_x"] } });
    expect(outcomeOf(unknown)).toBe("404 user_not_found");
    const first = await send(`GET ${path}/members?limit=1`, { as: ADMIN_TOKEN });
    expect(first.json["next_cursor"]).toBeNull();
  });

  it("A53: gives access to its members; who leaves, and everyone when it goes, loses it, as the preview said", async () => {
    const scene = await createScene();
    const { send, serverId } = scene;
    const groupId = await makeGroup(scene, "ops");
    const ada = await makeUser(scene, "ada");
    const grants = [{ group: groupId, tools: ["search"] }];
    const granted = await send(`PUT /api/v1/servers/${serverId}/grants`, { as: ADMIN_TOKEN, body: { grants } });
    expect(granted.json["grants"]).toEqual([{ group: groupId, tools: ["search"], name: "ops" }]);

    const laptop = { name: "laptop", owner_user_id: ada };
    const { key } = (await send("POST /api/v1/virtual-keys", { as: ADMIN_TOKEN, body: laptop })).json;
    const as = String(key);
    expect((await send("GET /api/v1/me", { as })).json["servers"]).toEqual([]);
    const members = `/api/v1/groups/${groupId}/members`;
    const join = { as: ADMIN_TOKEN, body: { add: [ada] } };
    await send(`PATCH ${members}`, join);
    expect((await send("GET /api/v1/me", { as })).json["servers"]).toMatchObject([{ id: serverId, tools_count: 1 }]);
    await scene.storeFor({ mode: "user", id: ada });

    const leave = { as: ADMIN_TOKEN, body: { remove: [ada] } };
    const preview = { preview: { orphaned: 1, reactivated: 0, needs_update: 0, people: 1 } };
    expect((await send(`PATCH ${members}?dry_run=true`, leave)).json).toEqual(preview);
    expect((await send("GET /api/v1/me", { as })).json["servers"]).toHaveLength(1);
    expect((await send(`PATCH ${members}`, leave)).json).toMatchObject({ members_count: 0, orphaned: 1 });
    expect((await send("GET /api/v1/me", { as })).json["servers"]).toEqual([]);
    expect((await send(`PATCH ${members}`, join)).json).toMatchObject({ reactivated: 1 });

    const path = `/api/v1/groups/${groupId}`;
    expect((await send(`DELETE ${path}?dry_run=true`, { as: ADMIN_TOKEN })).json).toEqual(preview);
    expect((await send(`GET ${path}`, { as: ADMIN_TOKEN })).json["members_count"]).toBe(1);
    expect((await send(`DELETE ${path}`, { as: ADMIN_TOKEN })).status).toBe(204);
    expect((await send("GET /api/v1/me", { as })).json["servers"]).toEqual([]);
    expect((await send(`GET /api/v1/servers/${serverId}/grants`, { as: ADMIN_TOKEN })).json).toEqual({ grants: [] });
  });
});
