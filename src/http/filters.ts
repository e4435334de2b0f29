import { KeywardError } from "../core/errors.ts";
import { parseIdentity, type AuthMode, type Identity } from "../core/identity.ts";
import type { PageRequest } from "../core/page.ts";

/** What the query of a list has in common. */
interface ListQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export function pageRequestOf({ limit, cursor }: ListQuery): PageRequest {
  return defined({ limit, cursor });
}

/**
 * The two halves of an identity travel together: `1` as a user and `1` as a virtual key are not the same.
 * @throws KeywardError `invalid_request` for an id without a mode, `invalid_identity`
 */
export function identityFilterOf(query: {
  readonly auth_mode?: AuthMode | undefined;
  readonly identity?: string | undefined;
}): Identity | undefined {
  if (query.identity === undefined) {
    return undefined;
  }
  if (query.auth_mode === undefined) {
    throw new KeywardError("invalid_request", { message: "identity (query) needs auth_mode." });
  }
  return parseIdentity(query.auth_mode, query.identity);
}

/** Without the keys that are undefined: absent and undefined are not the same to the ports. */
export function defined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<T>
  >;
}
