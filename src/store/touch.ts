import { sql } from "kysely";
import type { Engine, Tx } from "./engine.ts";

/** A use is noted at most once in this time: a write for each call would cost more than the call. */
const TOUCH_INTERVAL_MS = 60_000;
/** Uses are collected for so long: one transaction for all of them. A crash loses what is not written yet. */
const WRITE_DELAY_MS = 5_000;
/** So many are written at once, without waiting any longer. */
const MAX_DUE = 1_000;
const MAX_REMEMBERED = 10_000;

const TOUCHED_TABLES = ["header_credentials", "virtual_keys", "oauth_records"] as const;

type TouchedTable = (typeof TOUCHED_TABLES)[number];

interface Touch {
  readonly table: TouchedTable;
  readonly id: string;
  readonly used_at: number;
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
  #cancelTimer: (() => void) | undefined;
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Best effort: a use that cannot be noted is still a use. */
  note(table: TouchedTable, id: string): void {
    const key = keyOf({ table, id });
    const now = this.#engine.clock.now();
    // A clock that was set back must not keep uses unnoted until it has caught up.
    if (this.#isClosed || Math.abs(now - (this.#noted.get(key) ?? -Infinity)) < TOUCH_INTERVAL_MS) {
      return;
    }
    this.#remember(key, now);
    this.#due.push({ table, id, used_at: now });
    if (this.#due.length >= MAX_DUE) {
      this.#write();
    } else {
      this.#cancelTimer ??= this.#engine.clock.schedule(WRITE_DELAY_MS, () => this.#write(), { isBackground: true });
    }
  }

  /** Writes what is not written yet, and notes nothing any more. Safe to call twice. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#write();
    return this.#written;
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
    const due = this.#due;
    if (due.length === 0) {
      return;
    }
    this.#due = [];
    const writing = this.#engine.write(async (tx) => {
      for (const table of TOUCHED_TABLES) {
        await writeTouches(tx, table, due);
      }
    });
    // The engine has logged why it failed. The next use is noted anew.
    const settled = writing.catch(() => due.forEach((touch) => this.#noted.delete(keyOf(touch))));
    this.#written = Promise.all([this.#written, settled]).then(() => undefined);
  }
}

function keyOf({ table, id }: Pick<Touch, "table" | "id">): string {
  return `${table} ${id}`;
}

async function writeTouches({ db, json }: Tx, table: TouchedTable, touches: readonly Touch[]): Promise<void> {
  const rows = touches.filter((touch) => touch.table === table);
  if (rows.length === 0) {
    return;
  }
  const [id, lastUsed] = [sql.ref(`${table}.id`), sql.ref(`${table}.last_used_at`)];
  await sql`
    update ${sql.table(table)} set last_used_at = noted.used_at
    from ${json.rows<Touch>(rows, ["id", "used_at"])} as noted
    where ${id} = noted.id and (${lastUsed} is null or ${lastUsed} <= noted.used_at - ${TOUCH_INTERVAL_MS})
  `.execute(db);
}
