import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { runKeyward } from "../helpers/keyward-process.ts";

/*
 * Timers that did not keep the process alive once let a command end while it waited for another process's write lock: no
 * error, nothing done, exit code 13.
 */
it("a command that has to wait for another process's write lock does its work all the same", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyward-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect((await runKeyward(["migrate"], { cwd: folder })).exitCode).toBe(0);
  const holder = new DatabaseSync(join(folder, "data", "keyward.db"));
  holder.exec("begin immediate");
  const sweeping = runKeyward(["sweep", "--json"], { cwd: folder });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  holder.exec("commit");
  holder.close();
  const { exitCode, stdout } = await sweeping;
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { expired_flows: 0, orphaned_credentials: 0 }]);
});
