import { cancelled, type Cli, usageError } from "./context.ts";
import { askYesNo, canAsk } from "./prompt.ts";

/**
 * Lets a person think again before something that cannot be undone.
 * @param isConfirmed `--yes`
 * @throws CommanderError when nobody can be asked, or the answer is not yes
 */
export async function confirm(cli: Cli, isConfirmed: boolean | undefined, question: string): Promise<void> {
  if (isConfirmed === true) {
    return;
  }
  if (!canAsk(cli.io)) {
    throw usageError("This cannot be undone. Confirm it with --yes.");
  }
  if (!(await askYesNo(cli.io, question))) {
    throw cancelled("Cancelled. Nothing was changed.");
  }
}
