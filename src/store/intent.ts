import type { Intent } from "../core/people-port.ts";
import type { Engine, Tx } from "./engine.ts";

/** Ends the transaction of a preview by failing it, and carries out what it found. */
class Previewed<T> extends Error {
  override readonly name = "Previewed";
  readonly result: T;

  constructor(result: T) {
    super("a preview was rolled back");
    this.result = result;
  }
}

/**
 * Makes a change, or only tries it. A preview is the change itself in a transaction that is rolled back: its counts are
 * exact, nothing stays, and whoever remembers reads is not told of a commit.
 */
export async function carryOut<T>(
  engine: Engine,
  intent: Intent | undefined,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (intent !== "preview") {
    return engine.write(work);
  }
  try {
    return await engine.write(async (tx) => {
      throw new Previewed(await work(tx));
    });
  } catch (error) {
    if (error instanceof Previewed) {
      return error.result as T;
    }
    throw error;
  }
}
