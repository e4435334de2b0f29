import { KeywardError } from "../core/errors.ts";
import type { Page, PageRequest } from "../core/page.ts";

const MAX_LIMIT = 500;
const DEFAULT_LIMIT = 50;

/** The sort key of a row: what a cursor carries. */
type Key = readonly (string | number)[];

/** A page request, checked: how many rows to fetch, and after which key. */
export interface Paging<K extends Key> {
  readonly limit: number;
  readonly after: K | null;
}

/**
 * @param isKey whether a decoded cursor is one of this list
 * @throws KeywardError `invalid_request`
 */
export function parsePage<K extends Key>(page: PageRequest, isKey: (key: readonly unknown[]) => key is K): Paging<K> {
  const limit = page.limit ?? DEFAULT_LIMIT;
  assertLimit(limit);
  if (page.cursor === undefined || page.cursor === null) {
    return { limit, after: null };
  }
  const key = decodeCursor(page.cursor);
  if (!isKey(key)) {
    throw notOurs();
  }
  return { limit, after: key };
}

/** @throws KeywardError `invalid_request` */
export function assertLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new KeywardError("invalid_request", { message: `A limit is a whole number from 1 to ${MAX_LIMIT}.` });
  }
}

/**
 * @param rows at most `limit` + 1 of them: the one too many says that there is a next page
 */
export function toPage<Row, T>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => Key,
  toItem: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items: shown.map(toItem), nextCursor: hasMore ? encodeCursor(keyOf(last)) : null };
}

export function isTimeAndId(key: readonly unknown[]): key is readonly [number, string] {
  return key.length === 2 && Number.isSafeInteger(key[0]) && typeof key[1] === "string";
}

export function isName(key: readonly unknown[]): key is readonly [string] {
  return key.length === 1 && typeof key[0] === "string";
}

export function isNameAndId(key: readonly unknown[]): key is readonly [string, string] {
  return key.length === 2 && typeof key[0] === "string" && typeof key[1] === "string";
}

export function isNumber(key: readonly unknown[]): key is readonly [number] {
  return key.length === 1 && Number.isSafeInteger(key[0]);
}

function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

function decodeCursor(cursor: string): readonly unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (Array.isArray(key)) {
      return key;
    }
  } catch {
    // Not JSON: not a cursor.
  }
  throw notOurs();
}

function notOurs(): KeywardError {
  return new KeywardError("invalid_request", { message: "The cursor is not one that this list has given out." });
}
