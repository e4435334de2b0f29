import type { JsonObject } from "../../core/json.ts";
import type { TextOutput } from "../io.ts";
import type { Style } from "../text.ts";

/** Tells the demo's story. */
export interface Narrator {
  /** Begins the next numbered step. */
  step(title: string): void;
  /** One line of the step. */
  tell(line: string): void;
}

/** Prints each line as it happens, for a person to follow. */
export function printingNarrator(output: TextOutput, style: Style): Narrator {
  let count = 0;
  return {
    step(title) {
      count += 1;
      output.write(`\n${style("bold", `${String(count).padStart(2)}. ${title}`)}\n`);
    },
    tell(line) {
      output.write(`    ${line}\n`);
    },
  };
}

interface ToldStep extends JsonObject {
  readonly title: string;
  readonly lines: string[];
}

/** Keeps the story, for `--json`. */
export function recordingNarrator(): Narrator & { readonly steps: readonly ToldStep[] } {
  const steps: ToldStep[] = [];
  return {
    steps,
    step: (title) => void steps.push({ title, lines: [] }),
    tell: (line) => void steps.at(-1)?.lines.push(line),
  };
}
