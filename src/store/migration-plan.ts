import { KeywardError } from "../core/errors.ts";

/** A migration as this program has it. */
export interface KnownMigration {
  /** `0001_init`. */
  readonly name: string;
  /** SHA-256 of its text, hex. */
  readonly checksum: string;
  readonly sql: string;
}

/** A migration as the database's journal has it. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  /** Milliseconds since the epoch, UTC. */
  readonly appliedAt: number;
}

/**
 * What is left to apply, in order. Migrations only go forward.
 * @param known sorted by name
 * @param applied sorted by name
 * @throws KeywardError `migration_failed` when the database was made by a newer program (both versions are named), when
 *   an applied migration was edited, or when one is missing in between
 */
export function planMigrations(
  known: readonly KnownMigration[],
  applied: readonly AppliedMigration[],
): readonly KnownMigration[] {
  const newestKnown = known.at(-1)?.name ?? "none";
  applied.forEach(({ name, checksum }, index) => {
    const expected = known[index];
    if (expected === undefined || (expected.name !== name && name > newestKnown)) {
      throw failed(
        `The database is at ${applied.at(-1)?.name}, but this program only knows migrations up to ${newestKnown}. ` +
          "Run a program that is at least as new as the one that last used this database.",
      );
    }
    if (expected.name !== name) {
      throw failed(`The database has applied ${name} where this program has ${expected.name}.`);
    }
    if (expected.checksum !== checksum) {
      throw failed(`The migration ${name} was edited after it had been applied. Restore its file.`);
    }
  });
  return known.slice(applied.length);
}

function failed(message: string): KeywardError {
  return new KeywardError("migration_failed", { message });
}
