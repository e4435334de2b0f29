import type { Command } from "commander";
import type { Schemas } from "../client/api-types.ts";
import { isPreview } from "../client/client.ts";
import { confirm } from "./confirm.ts";
import type { Cli, JsonOption } from "./context.ts";
import { cell, counted } from "./text.ts";

type Preview = Schemas["Preview"]["preview"];

export interface DryRunOption {
  readonly dryRun?: boolean;
}

export function withDryRun(command: Command): Command {
  return command.option("--dry-run", "say what would happen, and change nothing");
}

/** What a change would do to what people have stored. */
export function describePreview({ preview }: Schemas["Preview"]): string {
  return `${consequences(preview)} Nothing was changed.\n`;
}

function consequences({ orphaned, reactivated, needs_update: needsUpdate, people }: Preview): string {
  const whose = counted(people, "person", "people");
  const parts = [
    [orphaned, "would lose access"],
    [reactivated, "would be usable again"],
    [needsUpdate, "would need new values"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${counted(count, "connection")} ${what}`);
  if (told.length > 0) {
    return `${told.join(", ")}, of ${whose}.`;
  }
  // What is deleted is counted by whose it is.
  return people === 0 ? "No connection would be affected." : `What ${whose} stored would be deleted.`;
}

interface Removal {
  /** Asked unless `--yes` or `--dry-run` was given. */
  readonly question: string;
  readonly remove: (query: { readonly dry_run: boolean | undefined }) => Promise<Schemas["Preview"] | undefined>;
  /** The answer in JSON. */
  readonly json: object;
  readonly done: string;
}

/** Removes for good what a person has confirmed, or with `--dry-run` says what that would do. */
export async function removeOrTry(
  cli: Cli,
  options: JsonOption & DryRunOption & { readonly yes?: boolean },
  { question, remove, json, done }: Removal,
): Promise<void> {
  if (options.dryRun !== true) {
    await confirm(cli, options.yes, cell(question));
  }
  const answer = await remove({ dry_run: options.dryRun });
  if (isPreview(answer)) {
    cli.answer(options, answer, () => describePreview(answer));
  } else {
    cli.answer(options, json, () => `${cell(done)}\n`);
  }
}
