import { execFileSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { HeadersProvider } from "../src/core/headers-provider.ts";
import type { Logger, Vault } from "../src/core/ports.ts";
import { CredentialSweepWorker } from "../src/core/sweep-worker.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";

/*
 * Sweeps a database of expired links and old orphans while live rows are read beside it, and tells how long the event
 * loop stood still. Exits 1 when a live row was touched or the loop stood still for more than 50 ms.
 */

const MAX_STALL_MS = 50;
const LIVE = 10_000;
const DAY_MS = 86_400_000;
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const NO_VAULT: Vault = {
  seal: () => ({ keyId: "none", envelope: new Uint8Array() }),
  open: () => new Uint8Array(),
  digest: () => "",
};

const { values } = parseArgs({
  options: { rows: { type: "string", default: "100000" }, json: { type: "boolean", default: false } },
});
const stale = Number(values.rows);
const folder = mkdtempSync(join(tmpdir(), "keyward-bench-"));
try {
  const result = await run(join(folder, "keyward.db"));
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : table(result));
  process.exitCode = result.liveRowsTouched > 0 || result.longestStallMs > MAX_STALL_MS ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

async function run(path: string) {
  const ports = { clock: systemClock, random: systemRandom, logger: SILENT };
  const store = await openSqliteStore({ path, ...ports });
  fill(path);
  const provider = new HeadersProvider({ store, vault: NO_VAULT, ...ports });
  // Asking the database whether it is done would itself stand in the way: the worker says so.
  const sweeps = new EventEmitter();
  const logger: Logger = {
    ...SILENT,
    info: (event, fields) => void sweeps.emit(`${event} ${String(fields?.["sweep"])}`),
  };
  const swept = Promise.all([once(sweeps, "sweep_done flows"), once(sweeps, "sweep_done orphans")]);
  const worker = new CredentialSweepWorker({ provider, orphanRetentionMs: 30 * DAY_MS, logger });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = liveRows(path);
  let reads = 0;
  const done = new AbortController();
  const reading = (async () => {
    while (!done.signal.aborted) {
      await store.readCredential({ identity: { mode: "user", id: `live${reads % LIVE}` }, serverId: "srv_live" });
      reads += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  delay.enable();
  const start = performance.now();
  worker.start();
  await swept;
  const tookMs = performance.now() - start;
  delay.disable();
  await worker.stop();
  done.abort();
  await reading;
  const after = liveRows(path);
  await store.close();
  return {
    expiredFlows: stale,
    orphans: stale,
    liveRows: before,
    liveRowsTouched: before - after,
    readsBesideIt: reads,
    tookMs: Math.round(tookMs),
    longestStallMs: Math.round(delay.max / 1e5) / 10,
    p99StallMs: Math.round(delay.percentile(99) / 1e5) / 10,
  };
}

function fill(path: string): void {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  const now = Date.now();
  database.exec("begin");
  const server = database.prepare(`insert into servers values
    (?, ?, 'https://example.com/mcp', 'https://example.com', 'streamable_http', 'per_user_headers', '[]', 1, '[]',
     null, null, ?, 'inherit', '{}', null, 'ready', null, 1, 0, 0)`);
  server.run("srv_live", "live", 1);
  server.run("srv_lost", "lost", 0);
  const credential = database.prepare(`insert into header_credentials
    (id, server_id, auth_mode, identity_id, origin, schema_revision, field_names, sealed, key_id, version, status,
     status_changed_at, orphaned_at, created_at, updated_at)
    values (?, ?, 'user', ?, 'https://example.com', 1, '["x-api-key"]', zeroblob(400), 'dk_1', 1, 'active', 0, ?, 0, 0)`);
  const flow = database.prepare(`insert into submission_flows
    (id, server_id, auth_mode, identity_id, state, attempts, proof_failures, schema_revision, origin, access_epoch,
     requested_by, expires_at, created_at, updated_at)
    values (?, ?, 'user', ?, 'pending', 0, 0, 1, 'https://example.com', 0, '{}', ?, 0, 0)`);
  for (let i = 0; i < stale; i += 1) {
    credential.run(`cred_lost${i}`, "srv_lost", `lost${i}`, now - 31 * DAY_MS);
    flow.run(`flow_lost${i}`, "srv_lost", `lost${i}`, now - 1);
  }
  for (let i = 0; i < LIVE; i += 1) {
    credential.run(`cred_live${i}`, "srv_live", `live${i}`, null);
    flow.run(`flow_live${i}`, "srv_live", `live${i}`, now + DAY_MS);
  }
  database.exec("commit");
  // Old rows have been on the disk for long: what is measured must not wait for the writing of its own preparation.
  database.exec("pragma wal_checkpoint(truncate)");
  database.close();
  execFileSync("sync");
}

function liveRows(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  const row = database
    .prepare(
      `select (select count(*) from header_credentials where server_id = 'srv_live')
            + (select count(*) from submission_flows where server_id = 'srv_live') as n`,
    )
    .get() as { n: number };
  database.close();
  return row.n;
}

function table(result: object): string {
  return Object.entries(result)
    .map(([name, value]) => `${name.padEnd(18)}${String(value).padStart(12)}\n`)
    .join("");
}
