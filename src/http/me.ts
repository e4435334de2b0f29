import type { z } from "@hono/zod-openapi";
import type { Caller } from "../core/callers.ts";
import type { Identity } from "../core/identity.ts";
import type { UserStore } from "../core/people-port.ts";
import type { Access, AccessStore } from "../core/access-port.ts";
import type { CredentialStore, ListedCredential } from "../core/credential-port.ts";
import { identityOfUser } from "../core/user.ts";
import { principalOf, requestOriginOf, signedInOf, type Principal } from "./context.ts";
import { systemRoutes, type Me } from "./contract/system-routes.ts";
import type { Mount } from "./mount.ts";
import type { OwnPages } from "./sign-in/csrf.ts";
import type { OwnAccount } from "./sign-in/own-account.ts";

type Shown = z.output<typeof Me>;

const PAGE = 500;

interface MeParts {
  readonly store: Pick<AccessStore, "listAccess"> &
    Pick<CredentialStore, "listCredentials"> &
    Pick<UserStore, "findUser">;
  readonly ownPages: OwnPages;
  readonly ownAccount: OwnAccount;
}

const NOBODY = { admin: null, user: null, csrf_token: null };

export function mountMe(mount: Mount, parts: MeParts): void {
  const { store, ownPages, ownAccount } = parts;

  async function credentialsOf(identity: Identity): Promise<ReadonlyMap<string, ListedCredential>> {
    const byServer = new Map<string, ListedCredential>();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof store.listCredentials>> = await store.listCredentials(
        { identity },
        { limit: PAGE, cursor },
      );
      for (const credential of page.items) {
        byServer.set(credential.serverId, credential);
      }
      cursor = page.nextCursor;
    } while (cursor !== null);
    return byServer;
  }

  async function showServers(identity: Identity): Promise<Shown["servers"]> {
    const credentials = await credentialsOf(identity);
    const servers = await store.listAccess(identity);
    return servers.map((access) => showAccess(access, credentials.get(access.server.id) ?? null));
  }

  /** A key with an owner is its owner. */
  async function nameOf({ identity, virtualKey }: Caller): Promise<string | null> {
    return identity.mode === "user" ? ((await store.findUser(identity.id))?.name ?? null) : (virtualKey?.name ?? null);
  }

  async function show(principal: Principal): Promise<Shown> {
    switch (principal.kind) {
      case "admin": {
        const { id, name } = principal.admin;
        return { ...NOBODY, admin: { id, name }, identity: null, servers: [] };
      }
      case "caller": {
        const { identity } = principal.caller;
        const shown = { auth_mode: identity.mode, id: identity.id, name: await nameOf(principal.caller) };
        return { ...NOBODY, identity: shown, servers: await showServers(identity) };
      }
      case "user": {
        const { id, name, email, role } = principal.user;
        return {
          admin: role === "admin" ? { id, name } : null,
          user: { id, name, email, role },
          csrf_token: ownPages.tokenOf(principal),
          identity: { auth_mode: "user", id, name },
          servers: await showServers(identityOfUser(principal.user)),
        };
      }
    }
  }

  mount(systemRoutes.me, async (c) => c.json(await show(principalOf(c)), 200));

  mount(systemRoutes.updateMe, async (c) => {
    const signedIn = signedInOf(c);
    const user = await ownAccount.change(signedIn, c.req.valid("json"), requestOriginOf(c));
    return c.json(await show({ kind: "user", ...signedIn, user }), 200);
  });
}

function showAccess({ server, tools }: Access, credential: ListedCredential | null): Shown["servers"][number] {
  const known = (server.discovered?.tools ?? []).map((tool) => tool["name"]);
  const usable = tools === null ? known : known.filter((name) => typeof name === "string" && tools.includes(name));
  return {
    id: server.id,
    name: server.name,
    url_origin: server.origin,
    connection: server.authType === "per_user_headers" ? connectionOf(credential) : "not_needed",
    credential_id: credential?.id ?? null,
    tools_count: usable.length,
    set_at: credential?.updatedAt ?? null,
    set_from: credential?.setFrom ?? null,
    last_used_at: credential?.lastUsedAt ?? null,
    verification: credential?.verification ?? null,
  };
}

// A row that is still orphaned although access is there is not usable: values are asked for again.
function connectionOf(credential: ListedCredential | null): Shown["servers"][number]["connection"] {
  return credential === null || credential.orphanedAt !== null ? "missing" : credential.status;
}
