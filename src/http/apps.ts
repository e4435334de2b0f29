import type { z } from "@hono/zod-openapi";
import type { ConnectedApps } from "../core/connected-apps.ts";
import { KeywardError } from "../core/errors.ts";
import type { App, OauthStore } from "../core/oauth-port.ts";
import { isAdministrator, principalOf, requesterOf, type Principal } from "./context.ts";
import { appRoutes, type ConnectedApp } from "./contract/app-routes.ts";
import { pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";

interface AppParts {
  readonly store: Pick<OauthStore, "listApps">;
  readonly connectedApps: ConnectedApps;
}

/** Apps that people have connected by OAuth. They are listed and revoked also where OAuth is off by now. */
export function mountApps(mount: Mount, { store, connectedApps }: AppParts): void {
  mount(appRoutes.list, async (c) => {
    const { all, ...page } = c.req.valid("query");
    const principal = principalOf(c);
    if (all === "true" && !isAdministrator(principal)) {
      throw new KeywardError("forbidden");
    }
    const userId = userIdOf(principal);
    if (all !== "true" && userId === null) {
      return c.json({ items: [], next_cursor: null }, 200);
    }
    const filter = all === "true" || userId === null ? {} : { userId };
    const { items, nextCursor } = await store.listApps(filter, pageRequestOf(page));
    return c.json({ items: items.map(show), next_cursor: nextCursor }, 200);
  });

  mount(appRoutes.revoke, async (c) => {
    const principal = principalOf(c);
    const onlyUserId = isAdministrator(principal) ? null : userIdOf(principal);
    await connectedApps.revoke(c.req.valid("param").id, onlyUserId, requesterOf(c));
    return c.body(null, 204);
  });
}

function userIdOf(principal: Principal): string | null {
  return principal.kind === "user" ? principal.user.id : null;
}

function show(app: App): z.output<typeof ConnectedApp> {
  return {
    id: app.id,
    client: { name: app.clientName, host: app.clientHost },
    user: { id: app.userId, name: app.userName },
    scopes: [...app.scopes],
    created_at: app.createdAt,
    last_used_at: app.lastUsedAt,
  };
}
