import { createInterface } from "node:readline/promises";
import { KeywardError } from "../core/errors.ts";
import { cancelled } from "./context.ts";
import type { CliIo } from "./io.ts";

const MAX_STDIN_CHARACTERS = 262_144;

const ENTER = new Set(["\r", "\n"]);
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACE = new Set(["\u007f", "\b"]);

/** Whether a person can be asked. */
export function canAsk(io: CliIo): boolean {
  return io.stdin.isTTY === true && io.stdin.setRawMode !== undefined;
}

/**
 * Asks for a value that is not shown while it is typed or pasted. Wrap what it returns at once.
 * @returns the text, which may be empty
 * @throws CommanderError when the person gives up (Ctrl-C, Ctrl-D)
 */
export async function askHidden(io: CliIo, question: string): Promise<string> {
  // Before the question: what a quick person pastes at its sight would still be shown.
  io.stdin.setRawMode?.(true);
  try {
    io.stderr.write(`${question}: `);
    return await readTyped(io);
  } finally {
    io.stdin.setRawMode?.(false);
    io.stdin.pause();
    io.stderr.write("\n");
  }
}

function readTyped(io: CliIo): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = [];
    const end = (settle: () => void): void => {
      io.stdin.off("data", take);
      settle();
    };
    const take = (chunk: Buffer | string): void => {
      // What follows an escape is a key without a character, such as an arrow, or the brackets around a paste.
      for (const character of chunk.toString().replaceAll(/\u001b\[[\d;]*[A-Za-z~]|\u001b./g, "")) {
        if (ENTER.has(character)) {
          end(() => resolve(typed.join("")));
          return;
        }
        if (character === CTRL_C || character === CTRL_D) {
          end(() => reject(cancelled("Cancelled.")));
          return;
        }
        if (BACKSPACE.has(character)) {
          typed.pop();
        } else {
          typed.push(character);
        }
      }
    };
    io.stdin.on("data", take);
    io.stdin.resume();
  });
}

/** @returns true only when the answer is yes */
export async function askYesNo(io: CliIo, question: string): Promise<boolean> {
  io.stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    const { value } = (await lines[Symbol.asyncIterator]().next()) as { value?: string };
    return /^y(es)?$/i.test(value?.trim() ?? "");
  } finally {
    lines.close();
    io.stdin.pause();
  }
}

/** All of standard input. @throws KeywardError `payload_too_large` beyond 256 KiB */
export async function readStdin(io: CliIo): Promise<string> {
  let text = "";
  for await (const chunk of io.stdin) {
    text += chunk.toString();
    if (text.length > MAX_STDIN_CHARACTERS) {
      throw new KeywardError("payload_too_large", { message: "Standard input is too long." });
    }
  }
  return text;
}
