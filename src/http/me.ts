import type { z } from "@hono/zod-openapi";
import type { Caller } from "../core/callers.ts";
import type { Identity } from "../core/identity.ts";
import type { Access, AccessStore, CredentialStore, ListedCredential } from "../core/store-port.ts";
import { principalOf } from "./context.ts";
import { systemRoutes, type Me } from "./contract/system-routes.ts";
import type { Mount } from "./mount.ts";

type Shown = z.output<typeof Me>;

const PAGE = 500;

interface MeParts {
  readonly store: Pick<AccessStore, "listAccess"> & Pick<CredentialStore, "listCredentials">;
}

export function mountMe(mount: Mount, parts: MeParts): void {
  const { store } = parts;

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

  async function showCaller({ identity, virtualKey }: Caller): Promise<Shown> {
    const credentials = await credentialsOf(identity);
    const servers = await store.listAccess(identity);
    return {
      admin: null,
      identity: { auth_mode: identity.mode, id: identity.id, name: virtualKey?.name ?? null },
      servers: servers.map((access) => showAccess(access, credentials.get(access.server.id) ?? null)),
    };
  }

  mount(systemRoutes.me, async (c) => {
    const principal = principalOf(c);
    return principal.kind === "admin"
      ? c.json({ admin: { id: principal.admin.id, name: principal.admin.name }, identity: null, servers: [] }, 200)
      : c.json(await showCaller(principal.caller), 200);
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
  };
}

// A row that is still orphaned although access is there is not usable: values are asked for again.
function connectionOf(credential: ListedCredential | null): Shown["servers"][number]["connection"] {
  return credential === null || credential.orphanedAt !== null ? "missing" : credential.status;
}
