import type { TextOutput } from "./io.ts";

const WIDTH = 30;

/** How far something is, as a line that is drawn over itself. On anything but a terminal it draws nothing. */
export interface ProgressBar {
  draw(done: number, total: number): void;
  /** Removes the line, for what is written next. */
  clear(): void;
}

export function progressBar(output: TextOutput): ProgressBar {
  if (output.isTTY !== true) {
    return { draw: () => {}, clear: () => {} };
  }
  let drawn = "";
  const show = (line: string): void => {
    // Written over what stood there, with spaces for what is left of it.
    output.write(`\r${line.padEnd(drawn.length)}`);
    drawn = line;
  };
  return {
    draw(done, total) {
      const filled = total === 0 ? WIDTH : Math.floor((WIDTH * done) / total);
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      show(`[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${percent}%  ${done} of ${total}`);
    },
    clear() {
      if (drawn !== "") {
        output.write(`\r${" ".repeat(drawn.length)}\r`);
        drawn = "";
      }
    },
  };
}
