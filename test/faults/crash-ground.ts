import { openSqliteStore } from "../../src/sqlite.ts";
import { random, TestClock } from "../store/sqlite-harness.ts";
import { type Ground, prepareGround } from "./race-world.ts";

/** Of every process that opens these files. No test keeps anything under it. */
const KEY = new Uint8Array(32).fill(7);

/**
 * Opens the data of one file, and installs its keys if there are none.
 * @param onStatement told each statement before it runs: the moments at which a process may die
 */
export function openGround(path: string, onStatement: (sql: string) => void = () => {}): Promise<Ground> {
  return prepareGround(async () => {
    const clock = new TestClock();
    const store = await openSqliteStore({ path, clock, random, onStatement });
    return {
      store,
      another: async () => store,
      advance: (ms) => clock.advance(ms),
      now: () => clock.now(),
      close: () => store.close(),
    };
  }, KEY);
}
