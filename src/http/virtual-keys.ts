import type { z } from "@hono/zod-openapi";
import type { AccessControl } from "../core/access.ts";
import { KeywardError } from "../core/errors.ts";
import type { KeyIssuer } from "../core/key-issuer.ts";
import type { UserStore } from "../core/people-port.ts";
import type { Clock } from "../core/ports.ts";
import type { VirtualKeyFilter, VirtualKeyStore } from "../core/virtual-key-port.ts";
import type { VirtualKey } from "../core/virtual-key.ts";
import { isAdministrator, principalOf, requesterOf, signedInOf, type HttpContext } from "./context.ts";
import { virtualKeyRoutes, type VirtualKey as VirtualKeySchema } from "./contract/virtual-key-routes.ts";
import { defined, pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";
import { intentOf, showPreview } from "./preview.ts";

type Shown = z.output<typeof VirtualKeySchema>;

interface VirtualKeyParts {
  readonly store: Pick<VirtualKeyStore, "findVirtualKey" | "listVirtualKeys"> & Pick<UserStore, "findUsers">;
  readonly keyIssuer: KeyIssuer;
  readonly access: Pick<AccessControl, "updateVirtualKey" | "revokeVirtualKey">;
  readonly clock: Pick<Clock, "now">;
}

const SECOND_MS = 1000;

/** An administrator sees and changes all keys; a user its own, and a foreign id is answered like an unknown one (A12). */
export function mountVirtualKeys(mount: Mount, parts: VirtualKeyParts): void {
  const { store, keyIssuer, access, clock } = parts;

  function assertFuture(expiresAt: number | null | undefined): void {
    if (typeof expiresAt === "number" && expiresAt <= clock.now()) {
      throw new KeywardError("invalid_request", { message: "expires_at (body) must be in the future." });
    }
  }

  async function showAll(keys: readonly VirtualKey[]): Promise<Shown[]> {
    const owners = new Set(keys.flatMap(({ ownerUserId }) => ownerUserId ?? []));
    const users = owners.size === 0 ? [] : await store.findUsers([...owners]);
    const names = new Map(users.map(({ id, name }) => [id, name]));
    return keys.map((key) => show(key, names.get(key.ownerUserId ?? "") ?? null));
  }

  async function showOne(key: VirtualKey): Promise<Shown> {
    const [user] = key.ownerUserId === null ? [] : await store.findUsers([key.ownerUserId]);
    return show(key, user?.name ?? null);
  }

  mount(virtualKeyRoutes.list, async (c) => {
    const { owner, q, ...query } = c.req.valid("query");
    const onlyOwner = onlyOwnerOf(c);
    if (onlyOwner !== undefined && owner !== undefined && owner !== onlyOwner) {
      return c.json({ items: [], next_cursor: null }, 200);
    }
    const filter: VirtualKeyFilter = defined({ ownerUserId: onlyOwner ?? owner, q });
    const page = await store.listVirtualKeys(filter, pageRequestOf(query));
    return c.json({ items: await showAll(page.items), next_cursor: page.nextCursor }, 200);
  });

  mount(virtualKeyRoutes.create, async (c) => {
    const body = c.req.valid("json");
    assertFuture(body.expires_at);
    const request = {
      name: body.name,
      ownerUserId: ownerFor(body.owner_user_id, onlyOwnerOf(c)),
      expiresAt: body.expires_at,
      rateLimitPerMinute: body.rate_limit_per_minute,
    };
    const { key, secret } = await keyIssuer.issue(request, requesterOf(c));
    return c.json({ ...(await showOne(key)), key: secret.reveal() }, 201);
  });

  mount(virtualKeyRoutes.get, async (c) => {
    const key = await store.findVirtualKey(c.req.valid("param").id);
    const onlyOwner = onlyOwnerOf(c);
    // A revoked key's row stays for the audit only.
    if (key === null || key.revokedAt !== null || (onlyOwner !== undefined && key.ownerUserId !== onlyOwner)) {
      throw new KeywardError("virtual_key_not_found");
    }
    return c.json(await showOne(key), 200);
  });

  mount(virtualKeyRoutes.update, async (c) => {
    const body = c.req.valid("json");
    assertFuture(body.expires_at);
    const change = defined({
      name: body.name,
      isEnabled: body.enabled,
      expiresAt: body.expires_at,
      rateLimitPerMinute: body.rate_limit_per_minute,
    });
    const intent = intentOf(c.req.valid("query"));
    const options = { intent, onlyOwner: onlyOwnerOf(c) };
    const updated = await access.updateVirtualKey(c.req.valid("param").id, change, requesterOf(c), options);
    return intent === "preview"
      ? c.json(showPreview(updated.reconciliation), 200)
      : c.json(await showOne(updated.key), 200);
  });

  mount(virtualKeyRoutes.rotate, async (c) => {
    const overlapMs = c.req.valid("json").overlap_seconds * SECOND_MS;
    const { id } = c.req.valid("param");
    const { key, secret } = await keyIssuer.rotate(id, overlapMs, requesterOf(c), onlyOwnerOf(c));
    return c.json({ ...(await showOne(key)), key: secret.reveal() }, 200);
  });

  mount(virtualKeyRoutes.revoke, async (c) => {
    const intent = intentOf(c.req.valid("query"));
    const options = { intent, onlyOwner: onlyOwnerOf(c) };
    const change = await access.revokeVirtualKey(c.req.valid("param").id, requesterOf(c), options);
    return intent === "preview" ? c.json(showPreview(change), 200) : c.body(null, 204);
  });
}

/** Whose keys a request may deal with; undefined = everybody's. */
function onlyOwnerOf(c: HttpContext): string | undefined {
  return isAdministrator(principalOf(c)) ? undefined : signedInOf(c).user.id;
}

/** @throws KeywardError `forbidden` for a user who asks for a key that is not its own */
function ownerFor(asked: string | null | undefined, onlyOwner: string | undefined): string | null {
  if (onlyOwner === undefined) {
    return asked ?? null;
  }
  if (asked !== undefined && asked !== onlyOwner) {
    throw new KeywardError("forbidden", { message: "A key of yours acts as you." });
  }
  return onlyOwner;
}

function show(key: VirtualKey, ownerName: string | null): Shown {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    owner_user_id: key.ownerUserId,
    owner_name: ownerName,
    enabled: key.isEnabled,
    expires_at: key.expiresAt,
    rate_limit_per_minute: key.rateLimitPerMinute,
    created_by: key.createdBy,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
    rotated_at: key.rotatedAt,
    previous_works_until: key.previousExpiresAt,
  };
}
