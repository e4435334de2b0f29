import { createHash } from "node:crypto";
import type { Actor, AuditDetail, AuditEvent } from "../core/audit.ts";

/** The `previousHash` of the first event of a deployment. */
export const FIRST_PREVIOUS_HASH: string = "0".repeat(64);

/** The only keys that a detail may have, in the order in which they are hashed. */
const DETAIL_KEYS = [
  "name",
  "fields",
  "verification",
  "reason",
  "orphaned",
  "reactivated",
  "needsUpdate",
  "changed",
  "group",
  "client",
  "deleted",
  "subjects",
] as const satisfies readonly (keyof AuditDetail)[];

/** A detail without any key that is not on the list; null when nothing is left. */
export function cleanDetail(detail: AuditDetail | undefined): AuditDetail | null {
  const entries = detailEntries(detail);
  return entries.length === 0 ? null : (Object.fromEntries(entries) as AuditDetail);
}

function detailEntries(detail: AuditDetail | undefined): readonly (readonly [string, unknown])[] {
  return DETAIL_KEYS.flatMap((key) => (detail?.[key] === undefined ? [] : [[key, detail[key]] as const]));
}

function actorFields(actor: Actor): readonly string[] {
  switch (actor.kind) {
    case "admin":
      return [actor.kind, actor.id];
    case "identity":
      return [actor.kind, actor.identity.mode, actor.identity.id];
    case "link":
      return [actor.kind, actor.flowId];
    case "system":
      return [actor.kind];
  }
}

/** Whether an actor has what is hashed of it and nothing besides. */
export function isPlainActor(actor: Actor): boolean {
  const parts = actor.kind === "identity" ? [actor, actor.identity] : [actor];
  const members = parts
    .flatMap((part) => Object.values<unknown>({ ...part }))
    .filter((value) => typeof value === "string");
  return members.length === actorFields(actor).length && Object.keys(actor).length <= 2;
}

/**
 * SHA-256, hex, over a JSON array of every field in a fixed order, absent ones as null: JSON quotes and escapes, so no
 * two events serialise alike.
 */
export function hashEvent(event: Omit<AuditEvent, "hash">): string {
  const fields = [
    event.previousHash,
    event.id,
    event.at,
    actorFields(event.actor),
    event.action,
    event.outcome,
    event.serverId ?? null,
    event.identity?.mode ?? null,
    event.identity?.id ?? null,
    event.credentialId ?? null,
    event.version ?? null,
    event.requestId,
    event.address,
    detailEntries(event.detail),
  ];
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

export type AuditChainVerdict =
  | { readonly isIntact: true; readonly events: number }
  /** `brokenAt` is the first event that was changed, or before which one is missing. */
  | { readonly isIntact: false; readonly brokenAt: number };

/**
 * Says whether a stretch of the audit log is as it was written. A removed end cannot be seen from within: compare the
 * last hash with a copy kept elsewhere.
 *
 * @param events oldest first, without gaps
 * @param after the event before the first one; absent when the stretch begins with the first event ever
 */
export function verifyAuditChain(
  events: Iterable<AuditEvent>,
  after: Pick<AuditEvent, "id" | "hash"> = { id: 0, hash: FIRST_PREVIOUS_HASH },
): AuditChainVerdict {
  let previous = after;
  let count = 0;
  for (const event of events) {
    const isNext = event.id === previous.id + 1 && event.previousHash === previous.hash;
    if (!isNext || hashEvent(event) !== event.hash) {
      return { isIntact: false, brokenAt: event.id };
    }
    previous = event;
    count += 1;
  }
  return { isIntact: true, events: count };
}
