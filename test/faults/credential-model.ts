import { type CredentialEvent, type CredentialStatus, nextStatus } from "../../src/core/credential.ts";
import { type HeaderSchema, isSatisfiedBy } from "../../src/core/header-schema.ts";
import { keepsOpenForms } from "../../src/core/open-forms.ts";
import { LEASE_MS, MAX_ATTEMPTS } from "../contract/fixtures.ts";

/*
 * One server and whoever uses it, as `data.md` describes them, in memory and without a database. It shares the rules that
 * the domain has as functions (the state table, what satisfies a schema, which edits end open forms), and knows nothing
 * of the statements that a store carries them out with.
 */

export interface ModelRow {
  version: number;
  status: CredentialStatus;
  orphanedAt: number | null;
  fieldNames: readonly string[];
  schemaRevision: number;
  origin: string;
}

interface ModelFlow {
  readonly id: string;
  readonly createdAt: number;
  expiresAt: number;
  attempts: number;
  claim: { readonly id: string; readonly until: number } | null;
  readonly schemaRevision: number;
  readonly origin: string;
  /** The form that it was opened with is not what is asked for any more. */
  isOutdated: boolean;
}

export class CredentialModel {
  now: number;
  schema: HeaderSchema;
  schemaRevision = 1;
  origin: string;
  isReady = true;
  readonly #granted = new Set<string>();
  readonly #rows = new Map<string, ModelRow>();
  readonly #flows = new Map<string, ModelFlow>();

  constructor(now: number, schema: HeaderSchema, origin: string) {
    this.now = now;
    this.schema = schema;
    this.origin = origin;
  }

  hasAccess(who: string): boolean {
    return this.isReady && this.#granted.has(who);
  }

  row(who: string): ModelRow | null {
    return this.#rows.get(who) ?? null;
  }

  liveFlow(who: string): ModelFlow | null {
    const flow = this.#flows.get(who);
    return flow !== undefined && flow.expiresAt > this.now ? flow : null;
  }

  initiate(who: string, newId: string, ttlMs: number): string | null {
    if (!this.hasAccess(who)) {
      return null;
    }
    const live = this.liveFlow(who);
    if (live !== null) {
      live.expiresAt = Math.min(this.now + ttlMs, live.createdAt + 2 * ttlMs);
      return live.id;
    }
    const { schemaRevision, origin, now } = this;
    const flow = { id: newId, createdAt: now, expiresAt: now + ttlMs, attempts: 0, claim: null };
    this.#flows.set(who, { ...flow, schemaRevision, origin, isOutdated: false });
    return newId;
  }

  claim(who: string, claimId: string): "claimed" | "busy" | "gone" {
    const flow = this.liveFlow(who);
    if (flow === null) {
      return "gone";
    }
    if (this.#isClaimed(flow)) {
      return "busy";
    }
    if (flow.attempts >= MAX_ATTEMPTS) {
      this.#flows.delete(who);
      return "gone";
    }
    flow.attempts += 1;
    flow.claim = { id: claimId, until: this.now + LEASE_MS };
    return "claimed";
  }

  commit(who: string, claimId: string, fieldNames: readonly string[]): "committed" | "gone" | "schema_changed" {
    const flow = this.#flows.get(who);
    if (flow?.claim?.id !== claimId) {
      return "gone";
    }
    this.#flows.delete(who);
    if (flow.isOutdated) {
      return "schema_changed";
    }
    if (flow.claim.until <= this.now && flow.expiresAt <= this.now) {
      return "gone";
    }
    this.#write(who, { fieldNames, schemaRevision: flow.schemaRevision, origin: flow.origin });
    return "committed";
  }

  /** @returns attempts left */
  release(who: string, claimId: string, outcome: "refused" | "unknown"): number {
    const flow = this.#flows.get(who);
    const isOurs = flow?.claim?.id === claimId;
    if (flow !== undefined && isOurs) {
      flow.claim = null;
      flow.attempts -= outcome === "unknown" ? 1 : 0;
    }
    const live = this.liveFlow(who);
    const left = live === null ? 0 : Math.max(0, MAX_ATTEMPTS - live.attempts);
    if (isOurs && left === 0) {
      this.#flows.delete(who);
    }
    return left;
  }

  /** Whatever access there is: what is stored for somebody who has none is looked at with the next change of access. */
  store(who: string, fieldNames: readonly string[]): number {
    const { schemaRevision, origin } = this;
    return this.#write(who, { fieldNames, schemaRevision, origin }).version;
  }

  /** @returns the version that went */
  revoke(who: string): number | null {
    const row = this.row(who);
    if (row !== null) {
      this.#rows.delete(who);
      this.#flows.delete(who);
    }
    return row?.version ?? null;
  }

  reject(who: string, version: number): boolean {
    const row = this.row(who);
    const isIt = row?.version === version && row.status === "active";
    if (row !== null && isIt) {
      row.status = nextStatus(row.status, { type: "upstream_rejected" });
    }
    return isIt;
  }

  grant(whom: readonly string[]): void {
    this.#granted.clear();
    whom.forEach((who) => this.#granted.add(who));
    this.#reconcile();
  }

  setReady(isReady: boolean): void {
    if (isReady !== this.isReady) {
      this.isReady = isReady;
      this.#reconcile();
    }
  }

  editSchema(schema: HeaderSchema): void {
    const isKept = keepsOpenForms(this.schema, schema);
    this.schema = schema;
    this.schemaRevision += 1;
    if (!isKept) {
      this.#endFlows();
    }
    this.#happens((row) => ({
      type: "schema_changed",
      isSatisfied: row.origin === this.origin && isSatisfiedBy(schema, row),
    }));
  }

  editOrigin(origin: string): void {
    if (origin === this.origin) {
      return;
    }
    this.origin = origin;
    this.#endFlows();
    this.#happens(() => ({ type: "origin_changed" }));
  }

  sweepFlows(): number {
    const dead = [...this.#flows].filter(([, flow]) => flow.expiresAt <= this.now && !this.#isClaimed(flow));
    dead.forEach(([who]) => this.#flows.delete(who));
    return dead.length;
  }

  sweepOrphans(retentionMs: number): number {
    const stale = [...this.#rows].filter(
      ([, { orphanedAt }]) => orphanedAt !== null && orphanedAt < this.now - retentionMs,
    );
    stale.forEach(([who]) => this.#rows.delete(who));
    return stale.length;
  }

  #isClaimed({ claim }: ModelFlow): boolean {
    return claim !== null && claim.until > this.now;
  }

  #write(who: string, values: Pick<ModelRow, "fieldNames" | "schemaRevision" | "origin">): ModelRow {
    const before = this.row(who);
    const row: ModelRow = {
      ...values,
      version: (before?.version ?? 0) + 1,
      status: before === null ? "active" : nextStatus(before.status, { type: "submission_committed" }),
      orphanedAt: before?.orphanedAt ?? null,
    };
    this.#rows.set(who, row);
    return row;
  }

  #happens(eventFor: (row: ModelRow) => CredentialEvent): void {
    for (const row of this.#rows.values()) {
      row.status = nextStatus(row.status, eventFor(row));
    }
  }

  /** A form that is open is closed; what is being verified stays until its commit can say why it is refused. */
  #endFlows(): void {
    for (const [who, flow] of this.#flows) {
      flow.isOutdated = true;
      flow.expiresAt = Math.min(flow.expiresAt, this.now);
      if (!this.#isClaimed(flow)) this.#flows.delete(who);
    }
  }

  #reconcile(): void {
    for (const [who, row] of this.#rows) {
      row.orphanedAt = this.hasAccess(who) ? null : (row.orphanedAt ?? this.now);
    }
    for (const who of this.#flows.keys()) {
      if (!this.hasAccess(who)) this.#flows.delete(who);
    }
  }
}
