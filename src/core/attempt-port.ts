/*
 * The part of the Store port that counts what may happen only so often, whichever gateway it is asked of: with ten
 * replicas nobody has ten times as many guesses.
 */

/** One thing that is counted. */
export interface Attempt {
  /** Keyed digest of what is counted and of whom. */
  readonly digest: string;
  /** So many in a window; 1 or more. */
  readonly limit: number;
  /** Milliseconds from the first attempt to the end of the window. */
  readonly windowMs: number;
}

export interface AttemptStore {
  /**
   * Counts one attempt under each digest, in their order, as far as the first that has reached its limit; one that is
   * refused is not counted there and moves no window. One short transaction of its own. Of two racers for the last one
   * that is permitted, one passes.
   * @returns whether it may go on
   */
  takeAttempt(attempts: readonly Attempt[]): Promise<boolean>;
  /**
   * Deletes at most `limit` counts whose window is over. Any number of replicas may sweep at once.
   * @returns how many went
   */
  sweepAttempts(limit: number): Promise<number>;
}
