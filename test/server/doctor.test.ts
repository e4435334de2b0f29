import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { runKeyward } from "../helpers/keyward-process.ts";
import { startTestGateway } from "../helpers/test-gateway.ts";

/* `keyward doctor` as a process of its own, on a database that a gateway has used. */

const VALUE = canaryValue("doctor");
const PRIVATE = { KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1" };

let folder: string;
let upstream: HeaderUpstream;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-doctor-"));
  upstream = await startHeaderUpstream({ accepts: (value) => value === VALUE });
  const gateway = await startTestGateway({ folder });
  await gateway.register("notes", upstream.url, VALUE);
  await gateway.close();
});

afterEach(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true });
});

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly message: string;
}

async function examine(env: Readonly<Record<string, string>> = PRIVATE) {
  const { exitCode, stdout } = await runKeyward(["doctor", "--json", "--database-url", "sqlite:keyward.db"], {
    cwd: folder,
    env,
  });
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
  const levelOf = (check: string): string =>
    [...new Set(findings.filter((found) => found.check === check).map(({ level }) => level))].join();
  return { exitCode, findings, levelOf };
}

it("an installation in order: each thing is looked at, and a weakened check and a key beside the database are told", async () => {
  const before = upstream.received.length;
  const { exitCode, findings } = await examine();
  expect(findings.map(({ check, level }) => `${check}: ${level}`)).toEqual([
    "configuration: warning",
    "runtime: ok",
    "schema: ok",
    "file modes: ok",
    "database: ok",
    "clock: ok",
    "encryption key: ok",
    "backups: warning",
    "server notes: ok",
  ]);
  expect(exitCode).toBe(0);
  expect(upstream.received.slice(before).map(({ method, headerValue }) => [method, headerValue])).toEqual([
    ["GET", null],
  ]);
});

it("a server that does not answer is a warning, one that may not be dialled an error", async () => {
  await upstream.close();
  const silent = await examine();
  expect([silent.exitCode, silent.levelOf("server notes")]).toEqual([0, "warning"]);
  const refused = await examine({});
  expect([refused.exitCode, refused.levelOf("server notes")]).toEqual([1, "error"]);
  upstream = await startHeaderUpstream();
});

it("files that others may read, and a key that opens nothing, are errors", async () => {
  chmodSync(join(folder, "keyward.db"), 0o640);
  const open = await examine();
  expect([open.exitCode, open.levelOf("file modes")]).toEqual([1, "error"]);
  chmodSync(join(folder, "keyward.db"), 0o600);
  const wrong = await examine({ ...PRIVATE, KEYWARD_ENCRYPTION_KEY: `${"A".repeat(43)}=` });
  expect([wrong.exitCode, wrong.levelOf("encryption key"), wrong.levelOf("backups")]).toEqual([1, "error", "ok"]);
});

it("a schema that somebody has altered is told, by the names of what is not as it was made", async () => {
  const database = new DatabaseSync(join(folder, "keyward.db"));
  database.exec("create index by_hand on virtual_keys (name); alter table settings add column note text");
  database.close();
  const { findings, exitCode } = await examine();
  const drift = findings.find(({ check, level }) => check === "schema" && level === "warning");
  expect(drift?.message).toBe("Not as the migrations have made it: by_hand, settings.");
  expect(exitCode).toBe(0);
});
