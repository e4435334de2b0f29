import type { AccessControl } from "../core/access.ts";
import { KeywardError } from "../core/errors.ts";
import { identityKey, parseIdentity, type AuthMode } from "../core/identity.ts";
import type { AccessStore, Grant, ServerStore } from "../core/store-port.ts";
import { requesterOf } from "./context.ts";
import { grantRoutes } from "./contract/grant-routes.ts";
import type { Mount } from "./mount.ts";
import { showReconciliation } from "./server-view.ts";

interface GrantParts {
  readonly store: Pick<AccessStore, "listGrants"> & Pick<ServerStore, "findServer">;
  readonly access: Pick<AccessControl, "replaceGrants">;
}

interface GrantShown {
  auth_mode: AuthMode;
  identity: string;
  tools: string[] | null;
  name: string | null;
}

type GrantInput = Omit<GrantShown, "name"> | { group: string; tools: string[] | null };

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
    const grants = parseGrants(c.req.valid("json").grants);
    const change = await access.replaceGrants(c.req.valid("param").id, grants, requesterOf(c));
    return c.json({ grants: grants.map(show), ...showReconciliation(change) }, 200);
  });
}

function parseGrants(shown: readonly GrantInput[]): readonly Grant[] {
  const byIdentity = new Map<string, Grant>();
  for (const input of shown) {
    if ("group" in input) {
      throw new KeywardError("group_not_found");
    }
    const { auth_mode: mode, identity: id, tools } = input;
    const identity = parseIdentity(mode, id);
    if (byIdentity.has(identityKey(identity))) {
      throw new KeywardError("invalid_request", { message: "grants (body) has an identity twice." });
    }
    byIdentity.set(identityKey(identity), { identity, tools });
  }
  return [...byIdentity.values()];
}

function show({ identity, tools }: Grant): GrantShown {
  return { auth_mode: identity.mode, identity: identity.id, tools: tools === null ? null : [...tools], name: null };
}
