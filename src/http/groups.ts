import type { z } from "@hono/zod-openapi";
import { KeywardError } from "../core/errors.ts";
import type { Groups } from "../core/groups.ts";
import type { GroupStore, UserStore } from "../core/people-port.ts";
import type { Group } from "../core/user.ts";
import { requesterOf } from "./context.ts";
import { groupRoutes, type Group as GroupSchema } from "./contract/group-routes.ts";
import { pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";
import { intentOf, showPreview } from "./preview.ts";
import { showReconciliation } from "./server-view.ts";
import { showUser } from "./users.ts";

interface GroupParts {
  readonly store: Pick<GroupStore, "findGroup" | "listGroups"> & Pick<UserStore, "listUsers">;
  readonly groups: Groups;
}

export function mountGroups(mount: Mount, parts: GroupParts): void {
  const { store, groups } = parts;

  async function find(id: string): Promise<Group> {
    const group = await store.findGroup(id);
    if (group === null) {
      throw new KeywardError("group_not_found");
    }
    return group;
  }

  mount(groupRoutes.list, async (c) => {
    const page = await store.listGroups(pageRequestOf(c.req.valid("query")));
    return c.json({ items: page.items.map(show), next_cursor: page.nextCursor }, 200);
  });

  mount(groupRoutes.create, async (c) =>
    c.json(show(await groups.create(c.req.valid("json").name, requesterOf(c))), 201),
  );

  mount(groupRoutes.get, async (c) => c.json(show(await find(c.req.valid("param").id)), 200));

  mount(groupRoutes.rename, async (c) =>
    c.json(show(await groups.rename(c.req.valid("param").id, c.req.valid("json").name, requesterOf(c))), 200),
  );

  mount(groupRoutes.remove, async (c) => {
    const intent = intentOf(c.req.valid("query"));
    const change = await groups.remove(c.req.valid("param").id, requesterOf(c), intent);
    return intent === "preview" ? c.json(showPreview(change), 200) : c.body(null, 204);
  });

  mount(groupRoutes.listMembers, async (c) => {
    const { id: groupId } = await find(c.req.valid("param").id);
    const page = await store.listUsers({ groupId }, pageRequestOf(c.req.valid("query")));
    return c.json({ items: page.items.map(showUser), next_cursor: page.nextCursor }, 200);
  });

  mount(groupRoutes.changeMembers, async (c) => {
    const { id } = c.req.valid("param");
    const intent = intentOf(c.req.valid("query"));
    const change = await groups.changeMembers(id, c.req.valid("json"), requesterOf(c), intent);
    return intent === "preview"
      ? c.json(showPreview(change), 200)
      : c.json({ ...show(await find(id)), ...showReconciliation(change) }, 200);
  });
}

function show(group: Group): z.output<typeof GroupSchema> {
  return { id: group.id, name: group.name, members_count: group.membersCount, created_at: group.createdAt };
}
