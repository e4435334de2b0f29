import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import {
  configOptions,
  type Cli,
  type JsonOption,
  usageError,
  withConfig,
  withExamples,
  withJson,
} from "../context.ts";
import { progressBar } from "../progress.ts";
import type { ConfigOptions, NextKeySource, VaultStatus } from "../runtime.ts";
import { counted, factsList, table } from "../text.ts";

/** Keys: what there is, and how they are replaced while Keyward serves. */
export function addVaultCommands(program: Command, cli: Cli): void {
  const vault = program.command("vault").description("encryption keys: what they seal, and replacing them");
  addGenerateKey(vault, cli);
  addStatus(vault, cli);
  addRotate(vault, cli);
  addRewrap(vault, cli);
  addRetire(vault, cli);
  addStage(vault, cli);
  addPromote(vault, cli);
  addUnstage(vault, cli);
}

function addGenerateKey(vault: Command, cli: Cli): void {
  withExamples(
    withJson(vault.command("generate-key")).description("print a new encryption key: base64 of 32 random bytes"),
    "(umask 077; keyward vault generate-key > keyward.key)",
  ).action((options: JsonOption) => {
    const key = cli.runtime.generateKey().reveal();
    cli.answer(options, { key }, () => `${key}\n`);
    cli.note("Keep a copy apart from the database's backups: each is useless without the other.");
  });
}

function addStatus(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("status")).description(
    "list the keys: what is sealed under each, what wraps it, and which may be retired",
  );
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault status").action(
    async (options: JsonOption, self: Command) => {
      const status = await cli.runtime.vaultStatus(optionsOf(cli, self));
      cli.answer(options, statusJson(status), () => describe(status));
    },
  );
}

function statusJson({ kekId, stagedKekId, keys }: VaultStatus): object {
  return {
    kek_id: kekId,
    staged_kek_id: stagedKekId,
    keys: keys.map((key) => ({
      id: key.id,
      kind: key.kind,
      state: key.state,
      kek_id: key.state === "retired" ? null : key.kekId,
      staged_kek_id: key.stagedKekId,
      created_at: key.createdAt,
      seals: key.seals,
      sealed: {
        credentials: key.sealed.credentials,
        servers: key.sealed.servers,
        oauth_records: key.sealed.oauthRecords,
      },
      may_retire: key.mayRetire,
    })),
  };
}

function describe({ kekId, stagedKekId, keys }: VaultStatus): string {
  const facts = factsList([
    ["encryption key", kekId],
    ...(stagedKekId === null ? [] : [["staged", stagedKekId] as const]),
  ]);
  const rows = keys.map((key) => [
    key.id,
    key.kind,
    key.mayRetire ? `${key.state}, may be retired` : key.state,
    ...(key.kind === "data"
      ? [key.sealed.credentials, key.sealed.servers, key.sealed.oauthRecords, key.seals].map(String)
      : ["-", "-", "-", "-"]),
    key.state === "retired"
      ? "destroyed"
      : [key.kekId, ...(key.stagedKekId === null ? [] : [key.stagedKekId])].join(", "),
  ]);
  const headers = ["key", "kind", "state", "connections", "servers", "oauth", "seals ever", "wrapped with"];
  return `${facts}\n${table(headers, rows, "There are no keys yet.")}`;
}

function addRotate(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("rotate")).description(
    "make a new data key, which seals from now on; gateways that run take it over within 2 seconds",
  );
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault rotate").action(
    async (options: JsonOption, self: Command) => {
      const { keyId, previousKeyId } = await cli.runtime.rotateDataKey(optionsOf(cli, self));
      cli.answer(
        options,
        { key_id: keyId, previous_key_id: previousKeyId },
        () =>
          `${keyId} seals from now on. What ${previousKeyId} sealed stays readable until it is re-wrapped and the key retired.\n`,
      );
    },
  );
}

const DEFAULT_RATE = 1_000;
const MAX_RATE = 100_000;

function addRewrap(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("rewrap"))
    .description("seal everything under the current data key; may be ended at any time and run again")
    .option("--rate <rows>", `rows a second at most, 1 to ${MAX_RATE} (default: ${DEFAULT_RATE})`);
  withExamples(
    withConfig(command, cli.runtime, "store"),
    "keyward vault rewrap",
    "keyward vault rewrap --rate 100",
  ).action(async (options: JsonOption & { readonly rate?: string }, self: Command) => {
    const rowsPerSecond = rateOf(options.rate);
    const bar = progressBar(cli.io.stderr);
    const onProgress = ({ done, total }: { done: number; total: number }): void => bar.draw(done, total);
    const result = await cli.runtime
      .rewrap(optionsOf(cli, self), { rowsPerSecond, onProgress })
      .finally(() => bar.clear());
    const json = {
      key_id: result.keyId,
      resealed: result.resealed,
      unreadable: result.unreadable,
      unreadable_ids: result.unreadableIds,
    };
    cli.answer(options, json, () =>
      result.resealed === 0 && result.unreadable === 0
        ? `Everything is sealed under ${result.keyId} already.\n`
        : `Sealed ${counted(result.resealed, "row")} under ${result.keyId}.\n`,
    );
    if (result.unreadable > 0) {
      const shown = result.unreadableIds.join(", ");
      cli.note(
        `${counted(result.unreadable, "row does", "rows do")} not open and stayed as found: ${shown}. Their key cannot be retired; revoke or store them anew.`,
      );
      cli.markFailed();
    }
  });
}

function rateOf(text: string | undefined): number {
  if (text === undefined) {
    return DEFAULT_RATE;
  }
  const rate = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (rate < 1 || rate > MAX_RATE) {
    throw usageError(`--rate must be a whole number, 1 to ${MAX_RATE}.`);
  }
  return rate;
}

function addRetire(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("retire"))
    .description("destroy a data key under which nothing is sealed any more; refused while anything is")
    .argument("<key>", "its id, as `vault status` shows it")
    .option("--yes", "do not ask");
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault retire dk_...").action(
    async (id: string, options: JsonOption & { readonly yes?: boolean }, self: Command) => {
      await confirm(cli, options.yes, `Destroy the data key ${id}?`);
      const isRetired = await cli.runtime.retireDataKey(optionsOf(cli, self), id);
      cli.answer(options, { key_id: id, retired: isRetired }, () =>
        isRetired ? `${id} is destroyed. Backups of before still have it.\n` : `${id} was retired before.\n`,
      );
    },
  );
}

interface StageOptions extends JsonOption {
  readonly newKeyFile?: string;
  readonly newKeyCommand?: string;
}

function addStage(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("stage"))
    .description("wrap every key with a new encryption key as well, so that gateways start with either")
    .option("--new-key-file <path>", "file with the new encryption key")
    .option("--new-key-command <command>", "or the program that wraps and unwraps from now on");
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault stage --new-key-file new.key").action(
    async (options: StageOptions, self: Command) => {
      const { from, to } = await cli.runtime.stageKey(optionsOf(cli, self), nextKeyOf(options));
      cli.answer(
        options,
        { kek_id: from, staged_kek_id: to },
        () =>
          `Every key is wrapped with ${from} and with ${to}.\nRestart every gateway with the new one, then run \`${cli.io.called} vault promote\` with it.\n`,
      );
    },
  );
}

function nextKeyOf({ newKeyFile: path, newKeyCommand: command }: StageOptions): NextKeySource {
  if (path !== undefined && command === undefined) {
    return { kind: "file", path };
  }
  if (command !== undefined && path === undefined) {
    return { kind: "command", command };
  }
  throw usageError("Give the new encryption key: either --new-key-file or --new-key-command.");
}

function addPromote(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("promote")).description(
    "drop the old encryption key; run with the staged one, when every gateway has been restarted with it",
  );
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault promote --encryption-key-file new.key").action(
    async (options: JsonOption, self: Command) => {
      const { from, to } = await cli.runtime.promoteKey(optionsOf(cli, self));
      cli.answer(
        options,
        { kek_id: to, previous_kek_id: from },
        () => `${to} alone opens this database now. Keep ${from} for as long as you keep backups of before.\n`,
      );
    },
  );
}

function addUnstage(vault: Command, cli: Cli): void {
  const command = withJson(vault.command("unstage")).description("forget the staged encryption key again");
  withExamples(withConfig(command, cli.runtime, "store"), "keyward vault unstage").action(
    async (options: JsonOption, self: Command) => {
      const { from, to } = await cli.runtime.unstageKey(optionsOf(cli, self));
      cli.answer(
        options,
        { kek_id: to, unstaged_kek_id: from },
        () => `${from} is forgotten. ${to} opens this database.\n`,
      );
    },
  );
}

function optionsOf(cli: Cli, self: Command): ConfigOptions {
  return configOptions(self, cli.io, cli.runtime);
}
