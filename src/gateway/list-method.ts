import type { JsonObject } from "../core/json.ts";
import type { ListKind } from "../core/server.ts";
import type { Exchange, Method } from "./exchange.ts";
import { errorOf, INVALID_PARAMS, resultOf } from "./jsonrpc.ts";
import type { ListPage } from "./page.ts";

/** Of modern results that a client may keep: for how long is nowhere promised, and each is one caller's own. */
export const CACHE: JsonObject = { ttlMs: 0, cacheScope: "private" };

/** @param page returns null when the cursor is not valid any more */
export function createListMethod(
  kind: ListKind,
  page: (exchange: Exchange, cursor: string | null) => Promise<ListPage | null> | ListPage | null,
): Method {
  return async (exchange, { cursor = null }) => {
    if (cursor !== null && typeof cursor !== "string") {
      return errorOf(INVALID_PARAMS, "cursor is a string.");
    }
    const found = await page(exchange, cursor);
    if (found === null) {
      return errorOf(INVALID_PARAMS, "The cursor is not valid any more. List again from the start.");
    }
    return resultOf({
      [kind]: found.items,
      ...(found.nextCursor === null ? {} : { nextCursor: found.nextCursor }),
      ...(exchange.client.era === "modern" ? CACHE : {}),
    });
  };
}
