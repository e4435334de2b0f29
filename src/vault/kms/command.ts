import { type ChildProcess, spawn } from "node:child_process";
import { createHash, timingSafeEqual } from "node:crypto";
import { KeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import { encodeFields } from "../associated-data.ts";
import { KEY_BYTES } from "../key-text.ts";
import type { KeyContext, KeyEncryption } from "./key-encryption.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_TIMEOUT_MS = 300_000;
const MAX_ANSWER_BYTES = 65_536;
const ID_HEX_LENGTH = 16;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export interface KeyCommandOptions {
  readonly clock: Clock;
  /**
   * Milliseconds until the command is killed with all it started. Default is 10000 (10 seconds); 1 to 300000. At the
   * limit the start fails with `credential_store_unavailable`, which may be tried again.
   */
  readonly timeoutMs?: number;
}

/**
 * A key-encryption key behind a program: a KMS, an HSM, a secrets manager.
 *
 * The program is run without a shell, with `wrap` or `unwrap` as its last argument. It reads one line of base64 from
 * its standard input, writes base64 to its standard output (line breaks are ignored) and exits with 0. What it writes
 * to its standard error goes nowhere, because it could be the key.
 *
 * It is given the key together with a digest of its context, so that a wrapped key opens in no other place even if the
 * program knows nothing of contexts, and so that a program which answers with something else is caught.
 */
export class CommandKeyEncryption implements KeyEncryption {
  /** Names the command line, so it changes with it. It is stored: keep secrets out of the arguments. */
  readonly id: string;
  readonly #argv: readonly string[];
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /**
   * @param argv program and arguments
   * @throws KeywardError `config_invalid`
   */
  constructor(argv: readonly string[], { clock, timeoutMs = DEFAULT_TIMEOUT_MS }: KeyCommandOptions) {
    // A NUL makes spawn throw an error that quotes the argument.
    if (argv.length === 0 || argv[0] === "" || argv.some((argument) => argument.includes("\0"))) {
      throw new KeywardError("config_invalid", { message: "The key command needs a program to run." });
    }
    if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
      throw new KeywardError("config_invalid", {
        message: `The key command's timeout is 1 to ${MAX_TIMEOUT_MS} milliseconds.`,
      });
    }
    this.id = `kekcmd_${createHash("sha256").update(encodeFields(argv)).digest("hex").slice(0, ID_HEX_LENGTH)}`;
    this.#argv = [...argv];
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  async wrap(key: Uint8Array, context: KeyContext): Promise<Uint8Array> {
    return this.#ask("wrap", Buffer.concat([key, digestOf(context)]));
  }

  async unwrap(wrapped: Uint8Array, context: KeyContext): Promise<Uint8Array> {
    const bound = await this.#ask("unwrap", wrapped);
    const expected = digestOf(context);
    if (bound.length !== KEY_BYTES + expected.length || !timingSafeEqual(bound.subarray(KEY_BYTES), expected)) {
      throw new KeywardError("encryption_key_wrong");
    }
    return bound.subarray(0, KEY_BYTES);
  }

  async #ask(operation: Operation, question: Uint8Array): Promise<Buffer> {
    const answer = await run(this.#argv, operation, question, this.#clock, this.#timeoutMs);
    // `base64` breaks its lines after 76 characters unless told otherwise.
    const text = answer.toString("latin1").replaceAll(/\s+/g, "");
    if (!BASE64.test(text)) {
      throw new KeywardError("encryption_key_invalid", {
        message: `The key command's answer to ${operation} is not base64.`,
      });
    }
    return Buffer.from(text, "base64");
  }
}

type Operation = "wrap" | "unwrap";

function digestOf({ purpose, deploymentId, keyId }: KeyContext): Buffer {
  return createHash("sha256")
    .update(encodeFields([purpose, deploymentId, keyId]))
    .digest();
}

function run(
  [program = "", ...args]: readonly string[],
  operation: Operation,
  question: Uint8Array,
  clock: Clock,
  timeoutMs: number,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // A group of its own, so that what a wrapper script started is killed with it.
  const child = spawn(program, [...args, operation], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const giveUp = (error: KeywardError): void => {
    reject(error);
    killGroup(child);
    child.stdout.destroy();
  };
  const cancelTimeout = clock.schedule(timeoutMs, () => {
    giveUp(failed(`The key command did not ${operation} within ${timeoutMs} ms.`));
  });

  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      giveUp(
        new KeywardError("encryption_key_invalid", {
          message: `The key command's answer to ${operation} is longer than ${MAX_ANSWER_BYTES} bytes.`,
        }),
      );
    }
  });
  child.on("error", (error: NodeJS.ErrnoException) => {
    cancelTimeout();
    reject(
      new KeywardError("config_invalid", {
        message: `The key command could not be started (${error.code ?? "unknown"}).`,
      }),
    );
  });
  child.on("close", (status, signal) => {
    cancelTimeout();
    if (status === 0) {
      resolve(Buffer.concat(chunks));
    } else {
      reject(failed(`The key command failed to ${operation} (${signal ?? `exit status ${status}`}).`));
    }
  });
  // A program that exits without reading breaks the pipe; its exit status says what there is to say.
  child.stdin.on("error", () => {});
  child.stdin.end(`${Buffer.from(question).toString("base64")}\n`);
  return promise;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // All of it has ended by itself.
  }
}

function failed(message: string): KeywardError {
  return new KeywardError("credential_store_unavailable", { message });
}
