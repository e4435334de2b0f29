import type { SealedCredential, SetFrom } from "./credential.ts";
import { isKeywardError, type ErrorCode } from "./errors.ts";
import { isSatisfiedBy, plainNames, templatesOf } from "./header-schema.ts";
import type { HeaderValues } from "./header-values.ts";
import type { Identity } from "./identity.ts";
import type { CallHeaders, Logger, Vault } from "./ports.ts";
import { openCredential, openStaticHeaders } from "./seal-context.ts";
import type { Server } from "./server.ts";
import type { CredentialStore } from "./credential-port.ts";

/** Why values are asked for. */
export type AuthRequiredReason = "missing" | "needs_update" | "rejected";

/**
 * Three answers, never two: a store or key error is never read as "no credential", and nothing ever falls back to
 * another credential (CVE-2026-45707, CVE-2026-77254).
 */
export type Resolution =
  | { readonly kind: "ready"; readonly headers: CallHeaders; readonly untold?: Untold }
  | { readonly kind: "auth_required"; readonly reason: AuthRequiredReason }
  | { readonly kind: "unavailable"; readonly code: ErrorCode };

/** Values that were set through a link, as long as the identity has not been told of it. */
export interface Untold {
  readonly credentialId: string;
  readonly version: number;
  readonly setAt: number;
  readonly setFrom: SetFrom;
}

export interface Resolver {
  /** Turns (identity, server) into the headers of a call. The caller has checked access. Never throws. */
  resolve(identity: Identity, server: Server): Promise<Resolution>;
}

/**
 * A server that wants no per-user headers is always ready, with its static headers if it has any. Per call one
 * credential read and one decrypt; nothing is cached, so a revoke or an edit counts from the next call on.
 */
export function createResolver(parts: {
  readonly store: Pick<CredentialStore, "readCredential">;
  readonly vault: Vault;
  readonly logger: Logger;
}): Resolver {
  const { store, vault, logger } = parts;

  async function resolvePerUser(identity: Identity, server: Server): Promise<Resolution> {
    const row = await store.readCredential({ identity, serverId: server.id });
    const reason = whyNotUsable(row, server);
    if (row === null || reason !== null) {
      return { kind: "auth_required", reason: reason ?? "missing" };
    }
    const declared = new Set<string>(server.headerSchema.map((field) => field.name));
    const userHeaders: HeaderValues = new Map(
      [...(await openCredential(vault, row))].filter(([name]) => declared.has(name)),
    );
    const resolution = await ready(identity, server, userHeaders, { id: row.id, version: row.version });
    return row.isTold || row.setFrom === null ? resolution : { ...resolution, untold: untoldOf(row, row.setFrom) };
  }

  async function ready(
    identity: Identity,
    server: Server,
    userHeaders: HeaderValues,
    credential: CallHeaders["credential"],
  ): Promise<Extract<Resolution, { kind: "ready" }>> {
    return {
      kind: "ready",
      headers: {
        origin: server.origin,
        staticHeaders: await openStaticHeaders(vault, server),
        userHeaders,
        plainNames: plainNames(server.headerSchema),
        templates: templatesOf(server.headerSchema),
        identity,
        credential,
      },
    };
  }

  return {
    async resolve(identity, server) {
      try {
        return server.authType === "per_user_headers"
          ? await resolvePerUser(identity, server)
          : await ready(identity, server, new Map(), null);
      } catch (error) {
        const code = isKeywardError(error) ? error.code : "credential_store_unavailable";
        logger.error("resolve_failed", { code, server_id: server.id });
        return { kind: "unavailable", code };
      }
    },
  };
}

function untoldOf({ id, version, updatedAt }: SealedCredential, setFrom: SetFrom): Untold {
  return { credentialId: id, version, setAt: updatedAt, setFrom };
}

function whyNotUsable(row: SealedCredential | null, server: Server): AuthRequiredReason | null {
  // An orphaned row is not asked to come back here: whoever has lost access is refused when a link is made.
  if (row === null || row.orphanedAt !== null) {
    return "missing";
  }
  if (row.status !== "active") {
    return row.status;
  }
  // The server may have been edited since the row was read or written: an old value never goes to a new origin.
  const isCurrent = row.origin === server.origin && isSatisfiedBy(server.headerSchema, row);
  return isCurrent ? null : "needs_update";
}
