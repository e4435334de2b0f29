import type { AuditAction, AuditEvent } from "../../src/core/audit.ts";
import { WRITES } from "../contract/fixtures.ts";
import type { Operation, Person, StoredValue } from "./replica-people.ts";

/** A header value that reached a server. */
export interface Arrival {
  readonly method: string;
  readonly value: string;
  readonly origin: string;
  readonly at: number;
}

/**
 * What arrived where it must not: with a call, what belongs to nobody, or was revoked or replaced before; with anything,
 * what was given for another origin.
 */
export function misdirected(
  arrivals: readonly Arrival[],
  people: readonly Pick<Person, "values">[],
): readonly string[] {
  const known = new Map<string, StoredValue>();
  for (const { values } of people) for (const stored of values) known.set(stored.value, stored);
  return arrivals.flatMap(({ method, value, origin, at }) => {
    const stored = known.get(value);
    if (stored === undefined) {
      // To verify, a server is also shown a value that it has to refuse.
      return method === "tools/call" ? ["a call carried what nobody has given"] : [];
    }
    return [
      ...(stored.origin === origin ? [] : [`${method}: a value for ${stored.origin} was sent to ${origin}`]),
      ...(method === "tools/call" && at > stored.until ? ["a stale value was sent"] : []),
    ];
  });
}

/**
 * The log of one person compared with what was acknowledged, in order: each acknowledged change is written once, where it
 * belongs, and whatever else is written was asked for without an answer.
 */
export function unaccounted(operations: readonly Operation[], log: readonly AuditEvent[]): readonly string[] {
  const found: string[] = [];
  const events = log.filter(({ action }) => kindOf(action) !== null);
  let open: Operation[] = [];
  let next = 0;
  const explain = (event: AuditEvent): void => {
    const index = open.findIndex(({ kind }) => kind === kindOf(event.action));
    if (index === -1) {
      found.push(`${say(event)}: nobody has asked for it`);
    } else {
      open = open.slice(index + 1);
    }
  };
  for (const operation of operations) {
    if (operation.outcome === "open") {
      open.push(operation);
      continue;
    }
    const at = events.findIndex((event, index) => index >= next && isOf(operation, event));
    if (at === -1) {
      found.push(`${operation.kind} of ${operation.credentialId} ${operation.version}: acknowledged and not written`);
      continue;
    }
    events.slice(next, at).forEach(explain);
    next = at + 1;
    open = [];
  }
  events.slice(next).forEach(explain);
  return found;
}

function kindOf(action: AuditAction): Operation["kind"] | null {
  if (action === "credential.revoked") {
    return "revoke";
  }
  return WRITES.includes(action) ? "store" : null;
}

function isOf({ kind, credentialId, version }: Operation, event: AuditEvent): boolean {
  return (
    kind === kindOf(event.action) &&
    (credentialId === null || credentialId === event.credentialId) &&
    (version === null || version === event.version)
  );
}

function say({ id, action, credentialId, version }: AuditEvent): string {
  return `event ${id}, ${action} ${credentialId} ${version}`;
}
