import { sql, type RawBuilder, type SqlBool } from "kysely";
import type { AuditEffect, AuditEntry } from "../core/audit.ts";
import { appendAudit, readHead } from "./audit.ts";
import type { Tx } from "./engine.ts";

/**
 * The credentials that one event is about. They are noted while they change, in one statement for each effect however
 * many they are, and the event is written last, with a hash over them: neither can be altered without the other.
 */
export class Subjects {
  readonly #tx: Tx;
  readonly #eventId: number;
  #count = 0;

  private constructor(tx: Tx, eventId: number) {
    this.#tx = tx;
    this.#eventId = eventId;
  }

  /** Nothing else may be audited in the transaction until `append`: the id of the event is settled here. */
  static async of(tx: Tx): Promise<Subjects> {
    return new Subjects(tx, (await readHead(tx)).id + 1);
  }

  /**
   * To be called before the rows change or go.
   * @param effect on each of them; an expression where it differs
   * @returns how many there are
   */
  async note(effect: AuditEffect | RawBuilder<AuditEffect>, ofCredentials: RawBuilder<SqlBool>): Promise<number> {
    const { numInsertedOrUpdatedRows = 0n } = await this.#tx.db
      .insertInto("audit_event_subjects")
      .columns(["event_id", "credential_id", "effect"])
      .expression((eb) =>
        eb
          .selectFrom("header_credentials")
          .select([
            sql.val(this.#eventId).as("event_id"),
            "header_credentials.id as credential_id",
            (typeof effect === "string" ? sql.val<string>(effect) : effect).as("effect"),
          ])
          .where(ofCredentials),
      )
      .executeTakeFirstOrThrow();
    const noted = Number(numInsertedOrUpdatedRows);
    this.#count += noted;
    return noted;
  }

  /** Writes the event, and after it what else the change is told as. */
  async append(entry: AuditEntry, more: readonly AuditEntry[] = []): Promise<void> {
    const subjects = this.#count === 0 ? {} : { subjects: await this.#hash() };
    await appendAudit(this.#tx, [{ ...entry, detail: { ...entry.detail, ...subjects } }, ...more]);
  }

  async #hash(): Promise<string> {
    const { db, sha256OfLines } = this.#tx;
    const line = sql<string>`credential_id || ' ' || effect`;
    const { hash } = await db
      .selectFrom((eb) =>
        eb
          .selectFrom("audit_event_subjects")
          .select(["credential_id", "effect"])
          .where("event_id", "=", this.#eventId)
          .orderBy("credential_id")
          .orderBy("effect")
          .as("noted"),
      )
      .select(sha256OfLines(line).as("hash"))
      .executeTakeFirstOrThrow();
    return hash;
  }
}
