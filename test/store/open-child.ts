import { writeSync } from "node:fs";
import { openSqliteStore } from "../../src/sqlite.ts";
import { random, TestClock } from "./sqlite-harness.ts";

/** Opens the database of its first argument, prints the deployment id, and ends. */
const [path = ""] = process.argv.slice(2);
const store = await openSqliteStore({ path, clock: new TestClock(), random });
writeSync(1, await store.deploymentId());
await store.close();
