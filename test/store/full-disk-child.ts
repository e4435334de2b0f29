import { writeSync } from "node:fs";
import { KeywardError } from "../../src/core/errors.ts";
import { openSqliteStore } from "../../src/sqlite.ts";
import { allOf, present, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock } from "./sqlite-harness.ts";

/** Writes until the disk (a limit of the shell) is full, then tries everything once more, and prints what came out. */
const [path = ""] = process.argv.slice(2);
const store = await openSqliteStore({ path, clock: new TestClock(), random });
const server = present((await store.listServers({})).items[0]);

const acknowledged: unknown[] = [];
const errors: KeywardError[] = [];

async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KeywardError)) {
      throw error;
    }
    errors.push(error);
  }
}

for (let i = 0; errors.length === 0 && i < 10_000; i += 1) {
  await attempt(async () => {
    const { id, version } = await upsert(store, server, someone(`user-${i}`));
    acknowledged.push({ action: "credential.stored", credentialId: id, version });
  });
}
await attempt(() => upsert(store, server, someone("again")));
await attempt(() => store.ping());
await store.touchCredential("cred_unknown");

const readable = (await allOf((page) => store.listCredentials({}, page))).length;
writeSync(
  1,
  JSON.stringify({
    acknowledged,
    codes: errors.map(({ code }) => code),
    messages: errors.map(({ message }) => message),
    readable,
  }),
);
await store.close();
