import { sql } from "kysely";
import type { AuditEntry } from "../core/audit.ts";
import type { CredentialUse } from "../core/credential-port.ts";
import { appendAudit } from "./audit.ts";
import type { Engine, Tx } from "./engine.ts";

/** A use is noted at most once in this time: a write for each call would cost more than the call. */
const TOUCH_INTERVAL_MS = 60_000;
/** Uses are collected for so long: one transaction for all of them. A crash loses what is not written yet. */
const WRITE_DELAY_MS = 5_000;
/** So many are written at once, without waiting any longer. */
const MAX_DUE = 1_000;
const MAX_REMEMBERED = 10_000;

/** A use is told in the log at most once in this time. */
const USED_EVENT_INTERVAL_MS = 3_600_000;

const TOUCHED_TABLES = ["header_credentials", "virtual_keys", "oauth_records"] as const;

type TouchedTable = (typeof TOUCHED_TABLES)[number];

interface Touch {
  readonly table: TouchedTable;
  readonly id: string;
  readonly used_at: number;
  /** Of a credential. */
  readonly use: CredentialUse | null;
}

interface Told {
  readonly id: string;
  readonly version: number;
}

/**
 * When rows were last used. A use within the minute of another costs a look into memory; the others are written together,
 * later. Whether a row is due is asked again by the write itself, so several replicas write one row once a minute too.
 */
export class Touches {
  readonly #engine: Engine;
  /** When this process last noted a row, oldest first. */
  readonly #noted = new Map<string, number>();
  #due: Touch[] = [];
  #told: Told[] = [];
  #cancelTimer: (() => void) | undefined;
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;
  #dropped = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Best effort: a use that cannot be noted is still a use. */
  noteKey(id: string): void {
    this.#note({ table: "virtual_keys", id, use: null });
  }

  noteApp(id: string): void {
    this.#note({ table: "oauth_records", id, use: null });
  }

  noteCredential(use: CredentialUse): void {
    this.#note({ table: "header_credentials", id: use.credentialId, use });
  }

  /** Each time: whoever tells remembers whom it has told. */
  noteTold(id: string, version: number): void {
    if (!this.#isClosed) {
      this.#told.push({ id, version });
      this.#writeSoon();
    }
  }

  /** How many uses were not noted because they could not be written. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Writes what is not written yet, so that it stands in the log before what comes next. Never fails. */
  flush(): Promise<void> {
    this.#write();
    return this.#written;
  }

  /** Writes what is not written yet, and notes nothing any more. Safe to call twice. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.flush();
  }

  #note(touched: Omit<Touch, "used_at">): void {
    const key = keyOf(touched);
    const now = this.#engine.clock.now();
    // A clock that was set back must not keep uses unnoted until it has caught up.
    if (this.#isClosed || Math.abs(now - (this.#noted.get(key) ?? -Infinity)) < TOUCH_INTERVAL_MS) {
      return;
    }
    this.#remember(key, now);
    this.#due.push({ ...touched, used_at: now });
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#due.length + this.#told.length >= MAX_DUE) {
      this.#write();
    } else {
      this.#cancelTimer ??= this.#engine.clock.schedule(WRITE_DELAY_MS, () => this.#write(), { isBackground: true });
    }
  }

  #remember(key: string, now: number): void {
    this.#noted.delete(key);
    this.#noted.set(key, now);
    if (this.#noted.size > MAX_REMEMBERED) {
      const [oldest] = this.#noted.keys();
      this.#noted.delete(oldest ?? "");
    }
  }

  #write(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [due, told] = [this.#due, this.#told];
    if (due.length + told.length === 0) {
      return;
    }
    [this.#due, this.#told] = [[], []];
    const writing = this.#engine.write(async (tx) => {
      for (const table of TOUCHED_TABLES) {
        await writeTouches(tx, table, due);
      }
      await writeTold(tx, told);
      await writeUses(
        tx,
        due.flatMap(({ use }) => use ?? []),
      );
    });
    // The engine has logged why it failed. The next use is noted anew.
    const settled = writing.catch(() => {
      this.#dropped += due.length;
      due.forEach((touch) => this.#noted.delete(keyOf(touch)));
    });
    this.#written = Promise.all([this.#written, settled]).then(() => undefined);
  }
}

/** A new version is a row of its own here: its first use is told, however short a time after the last of the one before. */
function keyOf({ table, id, use }: Omit<Touch, "used_at">): string {
  return `${table} ${id} ${use?.version ?? ""}`;
}

async function writeTouches({ db, json }: Tx, table: TouchedTable, touches: readonly Touch[]): Promise<void> {
  const rows = touches.filter((touch) => touch.table === table).map(({ id, used_at }) => ({ id, used_at }));
  if (rows.length === 0) {
    return;
  }
  const [id, lastUsed] = [sql.ref(`${table}.id`), sql.ref(`${table}.last_used_at`)];
  await sql`
    update ${sql.table(table)} set last_used_at = noted.used_at
    from ${json.rows(rows, { id: "text", used_at: "integer" })} as noted
    where ${id} = noted.id and (${lastUsed} is null or ${lastUsed} <= noted.used_at - ${TOUCH_INTERVAL_MS})
  `.execute(db);
}

async function writeTold({ db, json, now }: Tx, rows: readonly Told[]): Promise<void> {
  if (rows.length > 0) {
    await sql`
      update header_credentials set told_at = ${now}
      from ${json.rows(rows, { id: "text", version: "integer" })} as told
      where header_credentials.id = told.id and header_credentials.version = told.version
        and header_credentials.told_at is null
    `.execute(db);
  }
}

/**
 * Tells the uses in the log that are due there. What has been revoked, replaced, rejected or orphaned since is left out: an
 * event behind that one would read as if it had been used afterwards.
 */
async function writeUses(tx: Tx, uses: readonly CredentialUse[]): Promise<void> {
  const byCredential = new Map(uses.map((use) => [use.credentialId, use]));
  const rows = [...byCredential.values()].map(({ credentialId, version }) => ({ id: credentialId, version }));
  if (rows.length === 0) {
    return;
  }
  // The last use in the log is found from its end, by the credential's index and no other.
  const due = await sql<{ readonly id: string }>`
    select noted.id from ${tx.json.rows(rows, { id: "text", version: "integer" })} as noted
    inner join header_credentials as used on used.id = noted.id and used.version = noted.version
    where used.status = 'active' and used.orphaned_at is null and coalesce((
      select told.at from audit_events as told
      where told.credential_id = noted.id and told.version = noted.version
        and coalesce(told.action, '') = 'credential.used'
      order by told.id desc limit 1
    ) <= ${tx.now - USED_EVENT_INTERVAL_MS}, true)
  `.execute(tx.db);
  const entries = due.rows.flatMap(({ id }) => {
    const use = byCredential.get(id);
    return use === undefined ? [] : [usedEntry(use)];
  });
  if (entries.length > 0) {
    await appendAudit(tx, entries);
  }
}

function usedEntry({ credentialId, version, serverId, identity, origin }: CredentialUse): AuditEntry {
  return {
    ...origin,
    actor: { kind: "identity", identity },
    action: "credential.used",
    outcome: "ok",
    serverId,
    identity,
    credentialId,
    version,
  };
}
