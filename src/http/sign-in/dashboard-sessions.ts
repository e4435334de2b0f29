import type { UserStore } from "../../core/people-port.ts";
import type { Random, Vault } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import type { SignInStore } from "../../core/sign-in-port.ts";
import type { Store } from "../../core/store-port.ts";
import { mintId } from "../../core/token.ts";
import { clearedCookie, cookieNames, readCookie } from "./cookie.ts";
import type { SetCookies, SignInLibrary, Visitor } from "./library.ts";
import type { LibraryDatabase, LibraryParts } from "./library-options.ts";
import type { Passwords } from "./passwords.ts";
import type { SignedIn, SignIns } from "./signed-in.ts";

/** A sign-in that has succeeded. */
export interface Started {
  readonly signedIn: SignedIn;
  readonly setCookies: SetCookies;
}

/** Sessions of the dashboard: how they begin. `SignInStore` ends them. */
export interface DashboardSessions extends SignIns {
  /**
   * Signs somebody in by a password, always with a session of its own. The same work whatever is wrong.
   * @returns null for an unknown address, a wrong password and a disabled user
   * @throws KeywardError `rate_limited` when too many are being judged
   */
  start(email: string, password: string, visitor: Visitor): Promise<Started | null>;
  /** Loads what the first sign-in needs, ahead of it. */
  prepare(): void;
  /** Who it is that a `Set-Cookie` has just signed in. */
  find(setCookies: SetCookies): Promise<SignedIn | null>;
  /** The `Set-Cookie` that takes the session's cookie away. */
  readonly clearedCookie: string;
}

export interface DashboardSessionParts {
  readonly store: Pick<UserStore, "findUser"> & Pick<SignInStore, "findSession"> & Pick<Store, "time">;
  readonly database: LibraryDatabase;
  readonly vault: Pick<Vault, "digest">;
  readonly passwords: Passwords;
  readonly random: Random;
  readonly publicUrl: string;
}

/** `<token>.<signature>`, encoded. Whatever is longer is not looked at. */
const MAX_COOKIE_LENGTH = 256;

export function createDashboardSessions(parts: DashboardSessionParts): DashboardSessions {
  const { store, publicUrl } = parts;
  const names = cookieNames(publicUrl);
  const library = createLoader(libraryParts(parts));

  async function findLive(cookie: string): Promise<SignedIn | null> {
    const token = await (await library()).sessionTokenOf(cookie);
    const found = token === null ? null : await store.findSession(token);
    return found?.user.isEnabled === true ? found : null;
  }

  async function find(setCookies: SetCookies): Promise<SignedIn | null> {
    const cookie = setCookies
      .map((text) => text.split(";", 1)[0] ?? "")
      .find((text) => text.startsWith(`${names.session}=`));
    return cookie === undefined ? null : findLive(cookie);
  }

  return {
    async byCookie(headers) {
      const value = readCookie(headers, names.session);
      return value === null || value.length > MAX_COOKIE_LENGTH ? null : findLive(`${names.session}=${value}`);
    },

    async start(email, password, visitor) {
      const setCookies = await (await library()).signInByPassword(email, password, visitor);
      const signedIn = setCookies === null ? null : await find(setCookies);
      return setCookies === null || signedIn === null ? null : { signedIn, setCookies };
    },

    prepare() {
      void library();
    },

    find,

    clearedCookie: clearedCookie(names.session, names),
  };
}

/** What every instance of the library has in common: one secret, one set of tables, one set of cookies. */
export function libraryParts(parts: DashboardSessionParts): LibraryParts {
  const { store, database, vault, passwords, random, publicUrl } = parts;
  return {
    database,
    secret: vault.digest("sign_in_cookies", new Secret("sign-in-library")),
    publicUrl,
    cookies: cookieNames(publicUrl),
    mintId: (model) => mintId(model === "user" ? "usr" : "row", random),
    passwords: {
      // Asked only where there is nothing to compare with: passwords are stored by `UserStore`.
      async hash(password) {
        await passwords.pretend(password);
        return "";
      },
      verify: ({ hash, password }) => passwords.isRight(password, hash),
    },
    beginSession: async (userId) => ((await store.findUser(userId))?.isEnabled === true ? store.time() : null),
    plugins: [],
  };
}

/** The library takes as long to load as everything else together: it waits for the first cookie or sign-in. */
function createLoader(parts: LibraryParts): () => Promise<SignInLibrary> {
  let loading: Promise<SignInLibrary> | undefined;
  return () => {
    loading ??= import("./library.ts").then(({ openLibrary }) => openLibrary(parts));
    return loading;
  };
}
