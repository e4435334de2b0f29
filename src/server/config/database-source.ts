import type { Secret } from "../../core/secret.ts";

/** Which database, as `database_url` says. */
export type DatabaseSource =
  /** An absolute path. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** It may hold a password. */
  | { readonly kind: "postgres"; readonly url: Secret<string> };
