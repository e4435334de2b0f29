import type { Command } from "commander";
import {
  type Cli,
  configOptions,
  type JsonOption,
  usageError,
  withConfig,
  withExamples,
  withJson,
} from "../context.ts";
import type { DoctorFinding } from "../runtime.ts";
import { counted, type Style } from "../text.ts";
import { addVaultCommands } from "./vault.ts";

/** Commands that work on the database itself, whether or not a gateway runs. */
export function addStoreCommands(program: Command, cli: Cli): void {
  addSweep(program, cli);
  addMigrate(program, cli);
  addBackup(program, cli);
  addVaultCommands(program, cli);
  addDoctor(program, cli);
}

function addSweep(program: Command, cli: Cli): void {
  const command = withJson(program.command("sweep"))
    .description("delete expired links, values whose identity lost access long ago, and what OAuth left behind")
    .option("--dry-run", "only count them");
  withExamples(withConfig(command, cli.runtime, "store"), "keyward sweep --dry-run", "keyward sweep --json").action(
    async (options: JsonOption & { readonly dryRun?: boolean }, self: Command) => {
      const dryRun = options.dryRun === true;
      const swept = await cli.runtime.sweep(configOptions(self, cli.io, cli.runtime), { dryRun });
      const json = {
        dry_run: dryRun,
        expired_flows: swept.expiredFlows,
        orphaned_credentials: swept.orphanedCredentials,
        oauth_records: swept.oauthRecords,
      };
      cli.answer(options, json, () => {
        const flows = counted(swept.expiredFlows, "expired link");
        const credentials = counted(swept.orphanedCredentials, "orphaned connection");
        const records = counted(swept.oauthRecords, "OAuth record");
        return `${dryRun ? "A sweep would delete" : "Deleted"} ${flows}, ${credentials} and ${records}.\n`;
      });
    },
  );
}

function addMigrate(program: Command, cli: Cli): void {
  const command = withJson(program.command("migrate"))
    .description(
      "bring the database's schema up to date; a start does it as well. With --from, copy another one into it",
    )
    .option("--from <url>", "a database to copy, written like database_url; stop the gateways that use it first")
    .option("--to <url>", "the database to fill, which has to be empty (default: the configured one)");
  withExamples(
    withConfig(command, cli.runtime, "store"),
    "keyward migrate",
    "keyward migrate --from sqlite:./data/keyward.db --to postgres://keyward@db.internal/keyward",
  ).action(async (options: JsonOption & { readonly from?: string; readonly to?: string }, self: Command) => {
    if (options.from !== undefined) {
      await move(cli, options, options.from, self);
      return;
    }
    if (options.to !== undefined) {
      throw usageError("--to goes with --from: which database is to be copied?");
    }
    const { applied, version } = await cli.runtime.migrate(configOptions(self, cli.io, cli.runtime));
    cli.answer(options, { applied, version }, () =>
      applied.length === 0
        ? `The database is up to date: ${version}.\n`
        : `Applied ${counted(applied.length, "migration")}: ${applied.join(", ")}.\n`,
    );
  });
}

async function move(
  cli: Cli,
  options: JsonOption & { readonly to?: string },
  from: string,
  self: Command,
): Promise<void> {
  const config = configOptions(self, cli.io, cli.runtime);
  const to = options.to === undefined ? {} : { database_url: options.to };
  const tables: { table: string; rows: number }[] = [];
  const moved = await cli.runtime.move({ ...config, flags: { ...config.flags, ...to } }, from, (table, rows) => {
    tables.push({ table, rows });
    if (options.json !== true && rows > 0) cli.note(`${table}: ${counted(rows, "row")}`);
  });
  cli.answer(
    options,
    { rows: moved.rows, opened: moved.opened, kek_id: moved.kekId, tables },
    () =>
      `Copied ${counted(moved.rows, "row")}; each of ${counted(moved.opened, "sealed value")} opens with ${moved.kekId}. ` +
      "Set KEYWARD_DATABASE_URL to the new database, and keep the old one until you trust the new.\n",
  );
}

function addBackup(program: Command, cli: Cli): void {
  const command = withJson(program.command("backup"))
    .description("copy the database while gateways use it, and check that the encryption key opens the copy")
    .argument("<file>", "a file that does not exist yet; readable by its owner only");
  withExamples(withConfig(command, cli.runtime, "store"), "keyward backup /var/backups/keyward-$(date +%F).db").action(
    async (file: string, options: JsonOption, self: Command) => {
      const { path, bytes, kekId } = await cli.runtime.backup(configOptions(self, cli.io, cli.runtime), file);
      cli.answer(
        options,
        { file: path, bytes, kek_id: kekId },
        () => `Wrote ${path} (${bytes} bytes). ${kekId} opens it: keep that key elsewhere.\n`,
      );
    },
  );
}

function addDoctor(program: Command, cli: Cli): void {
  const command = withJson(program.command("doctor")).description(
    "look for what is wrong or weak; exit code 1 when something is wrong",
  );
  withExamples(withConfig(command, cli.runtime, "serve"), "keyward doctor", "keyward doctor --json").action(
    async (options: JsonOption, self: Command) => {
      const findings = await cli.runtime.doctor(configOptions(self, cli.io, cli.runtime));
      const json = findings.map(({ check, level, message, fix }) => ({ check, level, message, fix: fix ?? null }));
      cli.answer(options, { findings: json }, (style) => describe(findings, style));
      if (findings.some(({ level }) => level === "error")) {
        cli.markFailed();
      }
    },
  );
}

const MARK = { ok: ["ok", "green"], warning: ["warning", "yellow"], error: ["error", "red"] } as const;

function describe(findings: readonly DoctorFinding[], style: Style): string {
  return findings
    .map(({ check, level, message, fix }) => {
      const [word, colour] = MARK[level];
      const line = `${style(colour, word.padEnd(7))}  ${check}: ${message}\n`;
      return fix === undefined || level === "ok" ? line : `${line}         ${fix}\n`;
    })
    .join("");
}
