import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { unavailable, UniqueViolation } from "../engine.ts";

/* https://www.postgresql.org/docs/current/errcodes-appendix.html */

const UNIQUE_VIOLATION = "23505";
const SERIALIZATION_FAILURE = "40001";
const DEADLOCK_DETECTED = "40P01";
/** A plan of before a migration by a newer replica: it is made anew on another connection. */
const STALE_PLAN: ReadonlySet<string> = new Set(["0A000", "26000"]);
/** The server is going or has become a standby: another connection may reach the one in its place. */
const SERVER_LEAVES: ReadonlySet<string> = new Set(["57P01", "57P02", "57P03", "25006"]);
/** Integrity, data, syntax and access rules, a trigger's own exception: no outage, but a fault of this program. */
const FAULT_CLASSES: ReadonlySet<string> = new Set(["22", "23", "42", "P0"]);

/** null when the error is not one that the server has sent. */
export function sqlState(error: unknown): string | null {
  if (error instanceof Error && "severity" in error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return null;
}

/** Whether the same transaction may succeed when it is tried again. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}

/** Whether the connection is of no use any more. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  return state === null
    ? error instanceof ConnectionError
    : state.startsWith("08") || STALE_PLAN.has(state) || SERVER_LEAVES.has(state);
}

/** An error of a single statement: a unique index that was met becomes an error that a query may expect. */
export function fromStatement(error: unknown): unknown {
  return sqlState(error) === UNIQUE_VIOLATION ? new UniqueViolation("a unique index was met", { cause: error }) : error;
}

/**
 * What leaves the store. A driver's text never does: it can quote a value. What the server did not say, or what it said of
 * itself, means that the store could not be asked.
 */
export function fromEngine(error: unknown): unknown {
  if (isKeywardError(error)) {
    return error;
  }
  const state = sqlState(error);
  if (error instanceof UniqueViolation || (state !== null && FAULT_CLASSES.has(state.slice(0, 2)))) {
    return new KeywardError("internal", { cause: error });
  }
  return state !== null || error instanceof ConnectionError ? unavailable(error) : error;
}

/** The network or the driver failed. Told apart from a fault of the caller's, which passes as it is. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** There is none to be had: the wait for one is over. */
export class NoConnection extends ConnectionError {}

/** The driver's own words when it has waited long enough for an answer. */
const TIMED_OUT = "Query read timeout";

/** Whether a connection is lost and the time that a caller may wait is not used up: another try is due. */
export function isWorthAnotherTry(error: unknown): boolean {
  const isTimeout =
    error instanceof ConnectionError && error.cause instanceof Error && error.cause.message === TIMED_OUT;
  return isConnectionLost(error) && !isTimeout && !(error instanceof NoConnection);
}

const TOO_MANY_CONNECTIONS = "53300";

/** The driver's own words when nobody answers, or something in front of the server has nobody to pass it on to. */
const NOBODY_THERE: ReadonlySet<string> = new Set(["timeout expired", "Connection terminated unexpectedly"]);

/** Whether a server that could not be connected to may only have to start, or to end another's work: nobody has said no. */
export function isComing(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) {
    return SERVER_LEAVES.has(state) || state === TOO_MANY_CONNECTIONS;
  }
  return error instanceof Error && ("code" in error || NOBODY_THERE.has(error.message));
}

/** An error of the driver's while it connects. */
export function fromConnecting(error: unknown): unknown {
  return sqlState(error) === null ? new NoConnection("no connection to the database", { cause: error }) : error;
}

/** An error of the driver's, as this folder goes on with it. */
export function fromDriver(error: unknown): unknown {
  return isKeywardError(error) || sqlState(error) !== null || error instanceof ConnectionError
    ? error
    : new ConnectionError("the connection to the database failed", { cause: error });
}
