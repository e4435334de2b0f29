import type { z } from "@hono/zod-openapi";
import type { AccessControl } from "../core/access.ts";
import { KeywardError } from "../core/errors.ts";
import type { KeyIssuer } from "../core/key-issuer.ts";
import type { Clock } from "../core/ports.ts";
import type { VirtualKeyStore } from "../core/store-port.ts";
import type { VirtualKey } from "../core/virtual-key.ts";
import { requesterOf } from "./context.ts";
import { virtualKeyRoutes, type VirtualKey as VirtualKeySchema } from "./contract/virtual-key-routes.ts";
import { defined, pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";

interface VirtualKeyParts {
  readonly store: Pick<VirtualKeyStore, "findVirtualKey" | "listVirtualKeys">;
  readonly keyIssuer: KeyIssuer;
  readonly access: Pick<AccessControl, "updateVirtualKey" | "revokeVirtualKey">;
  readonly clock: Pick<Clock, "now">;
}

export function mountVirtualKeys(mount: Mount, parts: VirtualKeyParts): void {
  const { store, keyIssuer, access, clock } = parts;

  function assertFuture(expiresAt: number | null | undefined): void {
    if (typeof expiresAt === "number" && expiresAt <= clock.now()) {
      throw new KeywardError("invalid_request", { message: "expires_at (body) must be in the future." });
    }
  }

  mount(virtualKeyRoutes.list, async (c) => {
    const page = await store.listVirtualKeys(pageRequestOf(c.req.valid("query")));
    return c.json({ items: page.items.map(show), next_cursor: page.nextCursor }, 200);
  });

  mount(virtualKeyRoutes.create, async (c) => {
    const { name, expires_at: expiresAt, rate_limit_per_minute: rateLimitPerMinute } = c.req.valid("json");
    assertFuture(expiresAt);
    const { key, secret } = await keyIssuer.issue({ name, expiresAt, rateLimitPerMinute }, requesterOf(c));
    return c.json({ ...show(key), key: secret.reveal() }, 201);
  });

  mount(virtualKeyRoutes.get, async (c) => {
    const key = await store.findVirtualKey(c.req.valid("param").id);
    // A revoked key's row stays for the audit only.
    if (key === null || key.revokedAt !== null) {
      throw new KeywardError("virtual_key_not_found");
    }
    return c.json(show(key), 200);
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
    return c.json(show(await access.updateVirtualKey(c.req.valid("param").id, change, requesterOf(c))), 200);
  });

  mount(virtualKeyRoutes.revoke, async (c) => {
    await access.revokeVirtualKey(c.req.valid("param").id, requesterOf(c));
    return c.body(null, 204);
  });
}

function show(key: VirtualKey): z.output<typeof VirtualKeySchema> {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    owner_user_id: key.ownerUserId,
    owner_name: null,
    enabled: key.isEnabled,
    expires_at: key.expiresAt,
    rate_limit_per_minute: key.rateLimitPerMinute,
    created_by: key.createdBy,
    created_at: key.createdAt,
    last_used_at: key.lastUsedAt,
    rotated_at: null,
    previous_works_until: null,
  };
}
