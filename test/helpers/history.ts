import type { AuditAction, AuditEvent } from "../../src/core/audit.ts";
import type { CredentialRecord, SealedCredential } from "../../src/core/credential.ts";
import type { CommitOutcome, SubmissionToCommit } from "../../src/core/flow-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import { allOf, WRITES } from "../contract/fixtures.ts";

/*
 * What was acknowledged to whoever asked, whether in this process or in one that is gone, compared with what there is
 * afterwards. The log is written in the transactions of the changes, so it says what happened; it has to say it of every
 * acknowledged operation, once, and of no other.
 */

/** A change of a credential that somebody was told of. */
export interface Acknowledged {
  readonly action: AuditAction;
  readonly credentialId: string;
  readonly version: number;
}

/** Stored values that reached a server. */
export interface ObservedUse {
  readonly credentialId: string;
  readonly version: number;
  readonly at: number;
}

export class History {
  readonly acknowledged: Acknowledged[] = [];
  /** When each revocation was acknowledged. */
  readonly #revokedAt = new Map<string, number>();
  /** Link to the number of submissions through it that were told that they succeeded. */
  readonly #wins = new Map<string, number>();
  readonly uses: ObservedUse[] = [];
  /** Operations that were told neither success nor failure: they may or may not have happened. */
  unknown = 0;

  acknowledge(change: Acknowledged, at = 0): void {
    this.acknowledged.push(change);
    if (change.action === "credential.revoked") {
      this.#revokedAt.set(change.credentialId, at);
    }
  }

  win(flowId: string): void {
    this.#wins.set(flowId, (this.#wins.get(flowId) ?? 0) + 1);
  }

  /**
   * @param boundMs how long after an acknowledged revoke a use may still arrive
   * @returns what is not as promised, in words; empty when all is
   */
  violations(events: readonly AuditEvent[], rows: readonly CredentialRecord[], boundMs = 0): readonly string[] {
    return [
      ...this.#lost(events),
      ...this.#unasked(events),
      ...inconsistencies(events, rows),
      ...[...this.#wins].filter(([, wins]) => wins > 1).map(([flowId, wins]) => `${flowId} was won ${wins} times`),
      ...this.#usedTooLate(boundMs),
    ];
  }

  #lost(events: readonly AuditEvent[]): readonly string[] {
    const written = countBy(events.map(keyOf));
    return [...countBy(this.acknowledged.map(keyOf))]
      .filter(([key, times]) => written.get(key) !== times)
      .map(([key, times]) => `${key}: acknowledged ${times} times, written ${written.get(key) ?? 0} times`);
  }

  #unasked(events: readonly AuditEvent[]): readonly string[] {
    const acknowledged = new Set(this.acknowledged.map(keyOf));
    const others = events.filter((event) => ACTIONS.has(event.action) && !acknowledged.has(keyOf(event)));
    return others.length <= this.unknown ? [] : others.map((event) => `${keyOf(event)}: nobody was told`);
  }

  #usedTooLate(boundMs: number): readonly string[] {
    return this.uses
      .filter(({ credentialId, at }) => at > (this.#revokedAt.get(credentialId) ?? Infinity) + boundMs)
      .map(({ credentialId, version }) => `${credentialId} ${version}: used after its revocation`);
  }
}

const ACTIONS: ReadonlySet<AuditAction> = new Set([...WRITES, "credential.revoked"]);

function keyOf({ action, credentialId, version }: Partial<AuditEvent> | Acknowledged): string {
  return `${action} ${credentialId} ${version}`;
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** What of log and rows contradicts itself, whoever was told what. @param events oldest first */
export function inconsistencies(
  events: readonly AuditEvent[],
  rows: readonly Pick<CredentialRecord, "id" | "version">[],
): readonly string[] {
  return [...brokenVersions(events), ...unlikeTheLog(events, rows)];
}

/** Versions of a credential are 1, 2, 3 in the log, and nothing comes after its end. */
function brokenVersions(events: readonly AuditEvent[]): readonly string[] {
  const versions = new Map<string, number>();
  const ended = new Set<string>();
  return events.flatMap(({ action, credentialId = "", version = 0 }) => {
    if (GONE.has(action)) {
      ended.add(credentialId);
      return [];
    }
    if (!WRITES.includes(action)) {
      return [];
    }
    const before = versions.get(credentialId) ?? 0;
    versions.set(credentialId, version);
    const isNext = version === before + 1 && !ended.has(credentialId);
    return isNext
      ? []
      : [`${credentialId}: version ${version} after ${before}${ended.has(credentialId) ? " and its end" : ""}`];
  });
}

const GONE: ReadonlySet<AuditAction> = new Set(["credential.revoked", "credential.swept"]);

/** The rows that the log says there must be. Of what goes with a server, key or user the log has one event for all. */
function unlikeTheLog(
  events: readonly AuditEvent[],
  rows: readonly Pick<CredentialRecord, "id" | "version">[],
): readonly string[] {
  const said = new Map<string, number>();
  for (const { action, credentialId = "", version = 0 } of events) {
    if (WRITES.includes(action)) {
      said.set(credentialId, version);
    } else if (GONE.has(action)) {
      said.delete(credentialId);
    }
  }
  const stored = new Map(rows.map(({ id, version }) => [id, version]));
  return [...new Set([...said.keys(), ...stored.keys()])]
    .filter((id) => said.get(id) !== stored.get(id))
    .map((id) => `${id}: the log says version ${said.get(id) ?? "none"}, the row ${stored.get(id) ?? "none"}`);
}

/** The same store, whose answers to changes of credentials are noted. A failure that leaves the outcome open is, too. */
export function recorded<S extends Store>(store: S, history: History, now: () => number = () => 0): S {
  const write = ({ id, version }: SealedCredential): void =>
    history.acknowledge({
      action: version === 1 ? "credential.stored" : "credential.edited",
      credentialId: id,
      version,
    });
  const notes: Partial<Record<string, (answer: never, args: never) => void>> = {
    upsertCredential: write,
    commitSubmission(answer: CommitOutcome, [{ flowId }]: readonly [SubmissionToCommit]) {
      if (answer.kind === "committed") {
        write(answer.credential);
        history.win(flowId);
      }
    },
    revokeCredential(answer: CredentialRecord | null) {
      if (answer !== null) {
        const { id, version } = answer;
        history.acknowledge({ action: "credential.revoked", credentialId: id, version }, now());
      }
    },
  };
  return new Proxy(store, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      const note = notes[String(property)];
      if (typeof member !== "function" || note === undefined) {
        return member;
      }
      return async (...args: unknown[]): Promise<unknown> => {
        try {
          const answer = (await Reflect.apply(member, target, args)) as unknown;
          note(answer as never, args as never);
          return answer;
        } catch (error) {
          history.unknown += 1;
          throw error;
        }
      };
    },
  });
}

/** Compares a history with what there is. @param only one server of the store; default: all of it */
export async function violationsIn(
  store: Store,
  history: History,
  { only = {}, boundMs = 0 }: { readonly only?: { readonly serverId?: string }; readonly boundMs?: number } = {},
): Promise<readonly string[]> {
  const events = (await allOf((page) => store.listAudit(only, page))).toReversed();
  const rows = await allOf((page) => store.listCredentials(only, page));
  return history.violations(events, rows, boundMs);
}
