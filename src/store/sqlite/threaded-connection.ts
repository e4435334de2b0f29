import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import { KeywardError } from "../../core/errors.ts";
import { unavailable } from "../engine.ts";
import type { StatementListener } from "./connection.ts";
import { fromStatement } from "./sqlite-error.ts";

export type ThreadRequest =
  | { readonly kind: "run"; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: "exec"; readonly sql: string }
  | { readonly kind: "close" };

export type ThreadAnswer =
  | { readonly kind: "done"; readonly rows: unknown[]; readonly changes: bigint; readonly isInTransaction: boolean }
  | { readonly kind: "failed"; readonly errcode: number | null; readonly isInTransaction: boolean };

interface Waiting {
  readonly resolve: (answer: Extract<ThreadAnswer, { kind: "done" }>) => void;
  readonly reject: (error: unknown) => void;
}

// The same file beside this one, in the source and in the package.
const THREAD = new URL(import.meta.url.replace("threaded-connection", "writer-thread"));

/**
 * The writing connection, in a thread of its own: a commit waits for the disk, and a change of 100,000 rows takes a
 * second. Neither may hold up the calls that only read.
 */
export class ThreadedConnection implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #onStatement: StatementListener | undefined;
  /** Requests in the order in which they were sent; the thread answers in that order. */
  readonly #waiting: Waiting[] = [];
  #isInTransaction = false;
  #failure: KeywardError | undefined;

  private constructor(worker: Worker, onStatement: StatementListener | undefined) {
    this.#worker = worker;
    this.#onStatement = onStatement;
    worker.on("message", (answer: ThreadAnswer) => this.#settle(answer));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("the writing thread has ended")));
    worker.unref();
  }

  static async open(path: string, onStatement: StatementListener | undefined): Promise<ThreadedConnection> {
    const worker = new Worker(THREAD, { workerData: path, execArgv: [] });
    await once(worker, "message");
    return new ThreadedConnection(worker, onStatement);
  }

  get isInTransaction(): boolean {
    return this.#isInTransaction;
  }

  /** Statements without parameters and rows: BEGIN, COMMIT. */
  async exec(sql: string): Promise<void> {
    this.#onStatement?.(sql);
    await this.#ask({ kind: "exec", sql });
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    this.#onStatement?.(sql);
    try {
      const { rows, changes } = await this.#ask({ kind: "run", sql, parameters });
      return { rows: rows as R[], numAffectedRows: changes };
    } catch (error) {
      throw fromStatement(error);
    }
  }

  // oxlint-disable-next-line require-yield -- the port needs the method; no query of this store streams.
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new KeywardError("internal", { message: "No query of this store streams." });
  }

  /** Waits until the thread has ended. */
  async close(): Promise<void> {
    if (this.#failure !== undefined) {
      return;
    }
    const ended = new Promise<void>((resolve) => {
      this.#worker.once("exit", () => resolve());
    });
    await this.#ask({ kind: "close" });
    this.#worker.ref();
    await ended;
  }

  #ask(request: ThreadRequest): Promise<Extract<ThreadAnswer, { kind: "done" }>> {
    if (this.#failure !== undefined) {
      return Promise.reject(this.#failure);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      // Somebody waits: the process may not end before the answer.
      this.#worker.ref();
      this.#worker.postMessage(request);
    });
  }

  #settle(answer: ThreadAnswer): void {
    this.#isInTransaction = answer.isInTransaction;
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) {
      this.#worker.unref();
    }
    if (answer.kind === "done") {
      waiting?.resolve(answer);
    } else {
      const failure = new Error("SQLite refused a statement");
      waiting?.reject(
        answer.errcode === null ? unavailable(failure) : Object.assign(failure, { errcode: answer.errcode }),
      );
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= unavailable(cause);
    for (const { reject } of this.#waiting.splice(0)) {
      reject(this.#failure);
    }
  }
}
