import { writeSync } from "node:fs";
import { TestClock } from "../store/sqlite-harness.ts";
import { openLeft } from "./crash-ground.ts";
import { replaceKeys } from "./key-crash-ground.ts";

/** Replaces all keys of the database of its first argument, and dies before the commit whose number its second one is. */
const [where = "", number = "0"] = process.argv.slice(2);

let commits = 0;
let isArmed = false;
const store = await openLeft(where, new TestClock(), (sql) => {
  if (isArmed && /^commit/i.test(sql) && (commits += 1) === Number(number)) {
    process.kill(process.pid, "SIGKILL");
  }
});
isArmed = true;
await replaceKeys(store);
await store.close();
writeSync(1, "done");
