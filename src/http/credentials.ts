import type { z } from "@hono/zod-openapi";
import type { AccessControl } from "../core/access.ts";
import type { CredentialTests } from "../core/credential-tests.ts";
import { shownStatus } from "../core/credential.ts";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import { isSameIdentity, type Identity } from "../core/identity.ts";
import type { CredentialFilter, CredentialStore, ListedCredential } from "../core/credential-port.ts";
import { identityOf, isAdministrator, principalOf, requesterOf, type HttpContext } from "./context.ts";
import { credentialRoutes, type Credential } from "./contract/credential-routes.ts";
import { defined, identityFilterOf, pageRequestOf } from "./filters.ts";
import { startFlow } from "./start-flow.ts";
import type { LinkIssuer } from "../core/link-issuer.ts";
import type { Mount } from "./mount.ts";

interface CredentialParts {
  readonly store: Pick<CredentialStore, "findCredential" | "listCredentials" | "countCredentials">;
  readonly access: Pick<AccessControl, "revokeCredential" | "revokeCredentials">;
  readonly credentialTests: CredentialTests;
  readonly links: LinkIssuer;
}

export function mountCredentials(mount: Mount, parts: CredentialParts): void {
  const { store, access, credentialTests, links } = parts;

  // A foreign id is answered like an unknown one (A12).
  async function findOwn(id: string, owner: Identity | null): Promise<ListedCredential> {
    const found = await store.findCredential(id);
    if (found === null || (owner !== null && !isSameIdentity(found.identity, owner))) {
      throw new KeywardError("credential_not_found");
    }
    return found;
  }

  mount(credentialRoutes.list, async (c) => {
    const query = c.req.valid("query");
    const owner = query.own === "true" ? identityOf(principalOf(c)) : ownerOf(c);
    if (query.own === "true" && owner === null) {
      // An admin token has none of its own.
      return c.json({ items: [], next_cursor: null }, 200);
    }
    const filter = narrowTo(
      owner,
      defined({
        serverId: query.server,
        identity: identityFilterOf(query),
        authMode: query.auth_mode,
        status: query.status,
        q: query.q,
      }),
    );
    if (filter === null) {
      return c.json({ items: [], next_cursor: null }, 200);
    }
    const page = await store.listCredentials(filter, pageRequestOf(query));
    return c.json({ items: page.items.map(show), next_cursor: page.nextCursor }, 200);
  });

  mount(credentialRoutes.counts, async (c) => {
    const counts = await store.countCredentials();
    return c.json({ items: counts.map(({ serverId, ...states }) => ({ server_id: serverId, ...states })) }, 200);
  });

  mount(credentialRoutes.get, async (c) => c.json(show(await findOwn(c.req.valid("param").id, ownerOf(c))), 200));

  mount(credentialRoutes.revoke, async (c) => {
    await access.revokeCredential(c.req.valid("param").id, ownerOf(c), requesterOf(c));
    return c.body(null, 204);
  });

  mount(credentialRoutes.revokeMany, async (c) => {
    const revoked = await access.revokeCredentials(c.req.valid("json").ids, requesterOf(c));
    return c.json({ revoked }, 200);
  });

  mount(credentialRoutes.test, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await credentialTests.test(id, callerOf(c), requesterOf(c)), 200);
  });

  mount(credentialRoutes.startUpdate, async (c) => {
    const identity = callerOf(c);
    const { serverId } = await findOwn(c.req.valid("param").id, identity);
    return c.json(await startFlow(links, c, identity, serverId), 201);
  });

  mount(credentialRoutes.start, async (c) => {
    const identity = callerOf(c);
    const { id } = c.req.valid("param");
    try {
      return c.json(await startFlow(links, c, identity, id), 201);
    } catch (error) {
      // Here the id is the caller's guess: whether there is such a server is not told.
      throw isKeywardError(error, "access_denied") ? new KeywardError("server_not_found") : error;
    }
  });
}

/** Whose rows a request sees; null = everyone's. */
function ownerOf(c: HttpContext): Identity | null {
  const principal = principalOf(c);
  return isAdministrator(principal) ? null : identityOf(principal);
}

/** An admin token has no credentials of its own. */
function callerOf(c: HttpContext): Identity {
  const identity = identityOf(principalOf(c));
  if (identity === null) {
    throw new KeywardError("forbidden", {
      message: "Only the identity itself may set its values, or have them tested.",
    });
  }
  return identity;
}

/** @returns null when the filter asks for somebody else's rows */
function narrowTo(owner: Identity | null, filter: CredentialFilter): CredentialFilter | null {
  if (owner === null) {
    return filter;
  }
  const isForeign =
    (filter.identity !== undefined && !isSameIdentity(filter.identity, owner)) ||
    (filter.authMode !== undefined && filter.authMode !== owner.mode);
  return isForeign ? null : { ...filter, identity: owner };
}

function show(credential: ListedCredential): z.output<typeof Credential> {
  return {
    id: credential.id,
    server: { id: credential.serverId, name: credential.serverName },
    identity: {
      auth_mode: credential.identity.mode,
      id: credential.identity.id,
      name: credential.identityName,
    },
    url_origin: credential.origin,
    field_names: [...credential.fieldNames],
    schema_revision: credential.schemaRevision,
    version: credential.version,
    status: shownStatus(credential),
    status_reason: credential.statusReason,
    orphaned_at: credential.orphanedAt,
    verification: credential.verification,
    verified_at: credential.verifiedAt,
    last_used_at: credential.lastUsedAt,
    set_at: credential.updatedAt,
    set_from: credential.setFrom,
    created_at: credential.createdAt,
    updated_at: credential.updatedAt,
  };
}
