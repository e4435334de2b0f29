import type { BetterAuthOptions } from "better-auth";
import type { Kysely } from "kysely";
import type { CookieNames } from "./cookie.ts";

/** What the library works on; the store makes it. Its transactions are off: see `src/store/sign-in-database.ts`. */
export interface LibraryDatabase {
  readonly db: object;
  readonly type: "sqlite";
  readonly transaction: false;
}

export interface LibraryParts {
  readonly database: LibraryDatabase;
  /** Signs and seals cookies. */
  readonly secret: string;
  readonly publicUrl: string;
  readonly cookies: CookieNames;
  /** Ids of rows: `usr_...` and `row_...`. */
  readonly mintId: (model: string) => string;
  readonly passwords: {
    readonly hash: (password: string) => Promise<string>;
    readonly verify: (given: { readonly hash: string; readonly password: string }) => Promise<boolean>;
  };
  /** Asked before a session comes to be. @returns the time from which it counts; null = the user may have none */
  readonly beginSession: (userId: string) => Promise<number | null>;
  readonly plugins: NonNullable<BetterAuthOptions["plugins"]>;
}

/** The callback of single sign-on lies below it. None of the library's routes is served by the library itself. */
const LIBRARY_PATH = "/api/v1/sso";

/** In which the library is told a visitor's address. It never sees a header block that came over the wire. */
export const ADDRESS_HEADER = "x-keyward-visitor";

/** A session ends after a week, however much it is used: reading one never writes. */
const SESSION_SECONDS = 7 * 24 * 60 * 60;

/** How the library is set up. Its tables are those of `migrations/`; a test compares the two. */
export function libraryOptions(parts: LibraryParts): BetterAuthOptions {
  const { cookies, beginSession, mintId } = parts;

  /** By the clock of the store: the library would take this machine's. */
  async function timesOf(userId: string) {
    const now = await beginSession(userId);
    if (now === null) {
      return false;
    }
    const [begun, expiresAt] = [new Date(now), new Date(now + SESSION_SECONDS * 1_000)];
    return { data: { createdAt: begun, updatedAt: begun, expiresAt } };
  }

  return {
    database: { ...parts.database, db: parts.database.db as Kysely<unknown> },
    secret: parts.secret,
    // Without this list the environment could bring another secret.
    secrets: [{ version: 1, value: parts.secret }],
    baseURL: parts.publicUrl,
    basePath: LIBRARY_PATH,
    telemetry: { enabled: false },
    // Its lines quote what came in.
    logger: { disabled: true },
    rateLimit: { enabled: false },
    emailAndPassword: { enabled: true, disableSignUp: true, password: parts.passwords },
    ...TABLES,
    databaseHooks: { session: { create: { before: ({ userId }) => timesOf(userId) } } },
    advanced: {
      database: { generateId: ({ model }) => mintId(model) },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER], ipv6Subnet: 128 },
      // It would put `__Secure-` before the names, which have a stronger prefix.
      useSecureCookies: false,
      defaultCookieAttributes: { secure: cookies.isSecure, httpOnly: true, sameSite: "lax", path: "/" },
      cookies: { session_token: { name: cookies.session }, oauth_state: { name: cookies.singleSignOn } },
    },
    plugins: parts.plugins,
  };
}

const TIMES = { createdAt: "created_at", updatedAt: "updated_at" };

const TABLES = {
  user: {
    modelName: "users",
    fields: { emailVerified: "email_verified", ...TIMES },
    additionalFields: {
      role: { type: "string", required: true, input: false },
      isDisabled: { type: "boolean", required: true, input: false, fieldName: "is_disabled" },
    },
  },
  session: {
    modelName: "user_sessions",
    fields: {
      expiresAt: "expires_at",
      ipAddress: "ip_address",
      userAgent: "user_agent",
      userId: "user_id",
      ...TIMES,
    },
    expiresIn: SESSION_SECONDS,
    disableSessionRefresh: true,
  },
  account: {
    modelName: "user_accounts",
    fields: {
      accountId: "account_id",
      providerId: "provider_id",
      userId: "user_id",
      accessToken: "access_token",
      refreshToken: "refresh_token",
      idToken: "id_token",
      accessTokenExpiresAt: "access_token_expires_at",
      refreshTokenExpiresAt: "refresh_token_expires_at",
      ...TIMES,
    },
    accountLinking: { enabled: false, disableImplicitLinking: true },
    // The issuer's tokens are not kept.
    updateAccountOnSignIn: false,
    // In a sealed cookie: whoever only clicks leaves no row behind.
    storeStateStrategy: "cookie",
  },
  verification: { modelName: "user_verifications", fields: { expiresAt: "expires_at", ...TIMES } },
} as const satisfies Partial<BetterAuthOptions>;
