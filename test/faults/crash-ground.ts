import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore } from "../../src/postgres.ts";
import { openSqliteStore } from "../../src/sqlite.ts";
import type { AllPorts } from "../contract/fixtures.ts";
import { random, TestClock } from "../store/sqlite-harness.ts";
import { type Ground, prepareGround } from "./race-world.ts";

/** Of every process that opens these databases. No test keeps anything under it. */
const KEY = new Uint8Array(32).fill(7);

/** Told each statement before it runs: the moments at which a process may die. */
type OnStatement = (sql: string) => void;

/**
 * Opens what another process may have left.
 * @param where the path of a file, or the URL of a PostgreSQL database
 */
export function openLeft(
  where: string,
  clock: TestClock,
  onStatement: OnStatement = () => {},
): Promise<AllPorts & { close(): Promise<void> }> {
  if (!where.startsWith("postgres:")) {
    return openSqliteStore({ path: where, clock, random, onStatement });
  }
  return openPostgresStore({ url: new Secret(where), clock, random, serverTime: () => clock.now(), onStatement });
}

/** Opens the data of one database, and installs its keys if there are none. @param where as for `openLeft` */
export function openGround(where: string, onStatement?: OnStatement): Promise<Ground> {
  return prepareGround(async () => {
    const clock = new TestClock();
    const store = await openLeft(where, clock, onStatement);
    return {
      store,
      another: async () => store,
      advance: (ms) => clock.advance(ms),
      now: () => clock.now(),
      close: () => store.close(),
    };
  }, KEY);
}
