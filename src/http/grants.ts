import type { z } from "@hono/zod-openapi";
import type { AccessControl } from "../core/access.ts";
import { KeywardError } from "../core/errors.ts";
import { parseIdentity } from "../core/identity.ts";
import type { AccessStore, Grant, ListedGrant } from "../core/access-port.ts";
import type { ServerStore } from "../core/server-port.ts";
import { requesterOf } from "./context.ts";
import { grantRoutes, type Grant as GrantSchema, type GrantsInput } from "./contract/grant-routes.ts";
import type { Mount } from "./mount.ts";
import { intentOf, showPreview } from "./preview.ts";
import { showReconciliation } from "./server-view.ts";

interface GrantParts {
  readonly store: Pick<AccessStore, "listGrants"> & Pick<ServerStore, "findServer">;
  readonly access: Pick<AccessControl, "replaceGrants">;
}

export function mountGrants(mount: Mount, parts: GrantParts): void {
  const { store, access } = parts;

  mount(grantRoutes.list, async (c) => {
    const { id } = c.req.valid("param");
    if ((await store.findServer(id)) === null) {
      throw new KeywardError("server_not_found");
    }
    return c.json({ grants: (await store.listGrants(id)).map(show) }, 200);
  });

  mount(grantRoutes.replace, async (c) => {
    const { id } = c.req.valid("param");
    const intent = intentOf(c.req.valid("query"));
    const grants = c.req.valid("json").grants.map(parse);
    const change = await access.replaceGrants(id, grants, requesterOf(c), intent);
    return intent === "preview"
      ? c.json(showPreview(change), 200)
      : c.json({ grants: (await store.listGrants(id)).map(show), ...showReconciliation(change) }, 200);
  });
}

function parse(input: z.output<typeof GrantsInput>["grants"][number]): Grant {
  return "group" in input
    ? { groupId: input.group, tools: input.tools }
    : { identity: parseIdentity(input.auth_mode, input.identity), tools: input.tools };
}

function show(grant: ListedGrant): z.output<typeof GrantSchema> {
  const shared = { tools: grant.tools === null ? null : [...grant.tools], name: grant.name };
  return "groupId" in grant
    ? { group: grant.groupId, ...shared }
    : { auth_mode: grant.identity.mode, identity: grant.identity.id, ...shared };
}
