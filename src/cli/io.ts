/** Where text goes. Both streams of a process have this shape. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
}

/** Standard input: a pipe, or a terminal that can be told not to show what is typed. */
export interface TextInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

/** Everything that a command has of the process it runs in. */
export interface CliIo {
  readonly stdin: TextInput;
  /** What the command answers: for the next program in the pipe. */
  readonly stdout: TextOutput;
  /** What there is to say about it: for the person at the terminal. */
  readonly stderr: TextOutput;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How this program was called, for commands that a person copies: `npx keyward`. */
  readonly called: string;
  /**
   * Waits until the process is asked to stop (SIGINT, SIGTERM). A second signal, while it stops, ends it at once.
   */
  untilAskedToStop(): Promise<void>;
}

/** What shells add the number of a signal to. */
const KILLED_BY = 128;

export function processIo(): CliIo {
  // A reader that has seen enough (`| head`) closes the pipe: no reason to die with a stack trace.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") {
        throw error;
      }
    });
  }
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    called: process.argv[1]?.endsWith(".ts") === true ? "npm run --silent keyward --" : "npx keyward",
    untilAskedToStop: () =>
      new Promise((resolve) => {
        let isAsked = false;
        const stop = (_signal: NodeJS.Signals, number: number): void => {
          // Not left to the signal itself: the first process of a container is not ended by one that it does not handle.
          if (isAsked) {
            process.exit(KILLED_BY + number);
          }
          isAsked = true;
          resolve();
        };
        process.on("SIGINT", stop);
        process.on("SIGTERM", stop);
      }),
  };
}
