import type { JsonObject } from "../../src/core/json.ts";
import { ERROR_TABLE, type ErrorCode } from "../../src/core/errors.ts";

/** An answer of a gateway; null: the connection broke, or there was no gateway just then. */
export type Answer = { readonly status: number; readonly body: JsonObject } | null;

/** What is known of something that was asked for. `open`: it may have been done, or not. */
export type Outcome = "done" | "refused" | "open";

/** Hears every answer: whatever is not success has to be a clear error that may be tried again. */
export class Judge {
  readonly violations: string[] = [];
  readonly #counts = new Map<string, number>();

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].toSorted(([one], [other]) => one.localeCompare(other)));
  }

  accuse(what: string): void {
    this.violations.push(what);
  }

  /** @param ended codes by which something is known to have ended, where that may be */
  outcomeOf(what: string, answer: Answer, expected: number, ended: ReadonlySet<string> = NONE): Outcome {
    if (answer === null) {
      this.count("unanswered");
      return "open";
    }
    if (answer.status === expected) {
      return "done";
    }
    return this.outcomeOfError(what, codeOf(answer), ended);
  }

  outcomeOfError(what: string, code: string | undefined, ended: ReadonlySet<string> = NONE): Outcome {
    this.count(`refused: ${code}`);
    const facts = ERROR_TABLE[code as ErrorCode] as { readonly retryable: boolean } | undefined;
    if (facts?.retryable !== true && !ended.has(code ?? "")) {
      this.accuse(`${what}: ${code ?? "an answer without a code"}`);
    }
    // A COMMIT whose answer was lost is told as this.
    return code === "credential_store_unavailable" ? "open" : "refused";
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Of an answer of the REST API, or of JSON-RPC. At the door of a gateway that is about to stop, both get the former. */
export function codeOf(answer: Answer): string | undefined {
  const error = answer?.body["error"] as
    | { readonly code?: unknown; readonly data?: { readonly code?: string } }
    | undefined;
  return error?.data?.code ?? (typeof error?.code === "string" ? error.code : undefined);
}
