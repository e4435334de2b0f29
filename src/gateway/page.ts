import type { JsonObject } from "../core/json.ts";

/** An item of a list with the name or URI that tells it from all others. */
export interface Entry {
  readonly key: string;
  readonly item: JsonObject;
}

export interface ListPage {
  readonly items: readonly JsonObject[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

const PAGE_SIZE = 500;

/**
 * A page of a list. The cursor names the last item of the page before, so that items which come and go in front of it
 * neither hide nor repeat any.
 *
 * @param cursor from the previous page; null = the first
 * @returns null when the cursor is not one of ours, or its item is gone: the client lists again
 */
export function pageOf(entries: Iterable<Entry>, cursor: string | null): ListPage | null {
  const after = cursor === null ? null : Buffer.from(cursor, "base64url").toString("utf8");
  const items: JsonObject[] = [];
  let isReached = after === null;
  let last = "";
  for (const { key, item } of entries) {
    if (items.length === PAGE_SIZE) {
      return { items, nextCursor: Buffer.from(last, "utf8").toString("base64url") };
    }
    if (isReached) {
      items.push(item);
      last = key;
    }
    isReached ||= key === after;
  }
  return isReached ? { items, nextCursor: null } : null;
}
