import type { z } from "@hono/zod-openapi";
import type { Admins } from "../core/admins.ts";
import type { AdminStore, AdminToken } from "../core/admin-port.ts";
import { requesterOf } from "./context.ts";
import { adminTokenRoutes, type AdminToken as AdminTokenSchema } from "./contract/admin-token-routes.ts";
import { pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";

interface AdminTokenParts {
  readonly store: Pick<AdminStore, "listAdminTokens">;
  readonly admins: Pick<Admins, "create" | "revoke">;
}

export function mountAdminTokens(mount: Mount, { store, admins }: AdminTokenParts): void {
  mount(adminTokenRoutes.list, async (c) => {
    const page = await store.listAdminTokens(pageRequestOf(c.req.valid("query")));
    return c.json({ items: page.items.map(show), next_cursor: page.nextCursor }, 200);
  });

  mount(adminTokenRoutes.create, async (c) => {
    const { admin, token } = await admins.create(c.req.valid("json").name, requesterOf(c));
    return c.json({ ...show(admin), token: token.reveal() }, 201);
  });

  mount(adminTokenRoutes.revoke, async (c) => {
    await admins.revoke(c.req.valid("param").id, requesterOf(c));
    return c.body(null, 204);
  });
}

function show({ id, name, createdAt }: AdminToken): z.output<typeof AdminTokenSchema> {
  return { id, name, created_at: createdAt };
}
