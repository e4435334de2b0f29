import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUDIT_ACTIONS, type Actor, type AuditDetail, type AuditEvent } from "../core/audit.ts";
import { AUTH_MODES } from "../core/identity.ts";
import { cleanDetail, FIRST_PREVIOUS_HASH, hashEvent, verifyAuditChain } from "./audit-chain.ts";

type Content = Omit<AuditEvent, "id" | "previousHash" | "hash">;

const PLAIN = { noNullPrototype: true } as const;
const text = fc.string({ maxLength: 12 });
const identity = fc.record({ mode: fc.constantFrom(...AUTH_MODES), id: text }, PLAIN);
const actor: fc.Arbitrary<Actor> = fc.oneof(
  fc.record({ kind: fc.constant("admin"), id: text }, PLAIN),
  fc.record({ kind: fc.constant("identity"), identity }, PLAIN),
  fc.record({ kind: fc.constant("link"), flowId: text }, PLAIN),
  fc.record({ kind: fc.constant("system") }, PLAIN),
);
const detail: fc.Arbitrary<AuditDetail> = fc.record(
  { name: text, fields: fc.array(text, { maxLength: 3 }), reason: text, orphaned: fc.nat() },
  { ...PLAIN, requiredKeys: [] },
);
const content: fc.Arbitrary<Content> = fc.record(
  {
    at: fc.nat(),
    actor,
    action: fc.constantFrom(...AUDIT_ACTIONS),
    outcome: fc.constantFrom("ok", "refused"),
    requestId: fc.option(text),
    address: fc.option(text),
    serverId: text,
    identity,
    credentialId: text,
    version: fc.nat(),
    detail,
  },
  { ...PLAIN, requiredKeys: ["at", "actor", "action", "outcome", "requestId", "address"] },
);
const contents = fc.array(content, { minLength: 2, maxLength: 8 });

function chainOf(list: readonly Content[]): AuditEvent[] {
  let previousHash = FIRST_PREVIOUS_HASH;
  return list.map((one, index) => {
    const event = { ...one, id: index + 1, previousHash };
    const hash = hashEvent(event);
    previousHash = hash;
    return { ...event, hash };
  });
}

/** Same content, whatever the order of keys and whether an absent key is absent or undefined. */
function canonical({ detail: d, ...one }: Content): string {
  const sorted = (fields: object) => Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([sorted(one), sorted(cleanDetail(d) ?? {})]);
}

describe("the audit chain", () => {
  it("is intact as it was written, whole or in parts", () => {
    fc.assert(
      fc.property(contents, fc.nat(), (list, at) => {
        const events = chainOf(list);
        const cut = at % events.length;
        expect(verifyAuditChain(events)).toEqual({ isIntact: true, events: events.length });
        const rest = events.slice(cut);
        expect(verifyAuditChain(rest, cut === 0 ? undefined : events[cut - 1])).toEqual({
          isIntact: true,
          events: rest.length,
        });
      }),
    );
  });

  it("breaks where an event was changed, even with a hash to match", () => {
    fc.assert(
      fc.property(contents, fc.nat(), content, fc.boolean(), (list, at, other, isRehashed) => {
        const events = chainOf(list);
        const index = at % (events.length - 1);
        const original = events[index]!;
        fc.pre(canonical(other) !== canonical(list[index]!));
        const forged = { ...other, id: original.id, previousHash: original.previousHash, hash: original.hash };
        events[index] = isRehashed ? { ...forged, hash: hashEvent(forged) } : forged;
        expect(verifyAuditChain(events)).toEqual({ isIntact: false, brokenAt: index + (isRehashed ? 2 : 1) });
      }),
    );
  });

  it("breaks where an event is missing, doubled or out of order", () => {
    const events = chainOf(
      ["server.created", "server.updated", "server.verified", "server.deleted"].map((action) => ({
        at: 1,
        actor: { kind: "system" },
        action: action as AuditEvent["action"],
        outcome: "ok",
        requestId: null,
        address: null,
      })),
    );
    const [a, b, c, d] = events as [AuditEvent, AuditEvent, AuditEvent, AuditEvent];
    expect(verifyAuditChain([a, c, d])).toEqual({ isIntact: false, brokenAt: 3 });
    expect(verifyAuditChain([b, c, d])).toEqual({ isIntact: false, brokenAt: 2 });
    expect(verifyAuditChain([a, b, b, c])).toEqual({ isIntact: false, brokenAt: 2 });
    expect(verifyAuditChain([a, c, b, d])).toEqual({ isIntact: false, brokenAt: 3 });
    const late = { ...a, id: 5 };
    expect(verifyAuditChain([{ ...late, hash: hashEvent(late) }])).toEqual({ isIntact: false, brokenAt: 5 });
    expect(verifyAuditChain([])).toEqual({ isIntact: true, events: 0 });
  });

  it("does not mistake one field for another", () => {
    const base = { id: 1, at: 1, action: "server.created", outcome: "ok", previousHash: FIRST_PREVIOUS_HASH } as const;
    const event = { ...base, actor: { kind: "system" }, requestId: null, address: null } as const;
    const variants = [
      event,
      { ...event, id: 2 },
      { ...event, at: 2 },
      { ...event, action: "server.deleted" as const },
      { ...event, outcome: "refused" as const },
      { ...event, previousHash: "f".repeat(64) },
      { ...event, version: 1 },
      { ...event, requestId: "a" },
      { ...event, address: "a" },
      { ...event, serverId: "a" },
      { ...event, credentialId: "a" },
      { ...event, detail: { name: "a" } },
      { ...event, detail: { reason: "a" } },
      { ...event, detail: { fields: ["a"] } },
      { ...event, actor: { kind: "admin", id: "a" } as const },
      { ...event, actor: { kind: "link", flowId: "a" } as const },
      { ...event, identity: { mode: "user", id: "a" } as const },
      { ...event, identity: { mode: "session", id: "a" } as const },
    ];
    expect(new Set(variants.map(hashEvent)).size).toBe(variants.length);
  });
});
