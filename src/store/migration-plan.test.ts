import { describe, expect, it } from "vitest";
import { type KnownMigration, planMigrations } from "./migration-plan.ts";

const known: readonly KnownMigration[] = ["0001_init", "0002_more", "0003_most"].map((name) => ({
  name,
  checksum: `sum of ${name}`,
  sql: "",
}));
const applied = known.map(({ name, checksum }) => ({ name, checksum, appliedAt: 1 }));

describe("planMigrations", () => {
  it.each([0, 1, 2, 3])("applies what is left when %i are applied", (count) => {
    expect(planMigrations(known, applied.slice(0, count))).toEqual(known.slice(count));
  });

  it("A68: refuses a database of a newer program, and names both versions", () => {
    for (const count of [0, 1, 2]) {
      const older = known.slice(0, count);
      expect(() => planMigrations(older, applied)).toThrow(
        expect.objectContaining({
          code: "migration_failed",
          message: expect.stringMatching(new RegExp(`at 0003_most.* up to ${older.at(-1)?.name ?? "none"}\\.`)),
        }),
      );
    }
  });

  it("A68: refuses a migration that was edited after it had been applied", () => {
    const edited = applied.map((one, i) => (i === 1 ? { ...one, checksum: "other" } : one));
    expect(() => planMigrations(known, edited)).toThrow(/0002_more was edited/);
  });

  it("refuses a journal with a gap or with a migration of another name", () => {
    const gap = applied.filter((_, i) => i !== 1);
    expect(() => planMigrations(known, gap)).toThrow(/has applied 0003_most where this program has 0002_more/);
    const renamed = applied.map((one, i) => (i === 1 ? { ...one, name: "0002_other" } : one));
    expect(() => planMigrations(known, renamed)).toThrow(/has applied 0002_other where this program has 0002_more/);
  });
});
