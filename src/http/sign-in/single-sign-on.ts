import { AsyncLocalStorage } from "node:async_hooks";
import type { RequestOrigin } from "../../core/audit.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import type { Secret } from "../../core/secret.ts";
import { SINGLE_SIGN_ON, type SignInStore } from "../../core/sign-in-port.ts";
import { mintId } from "../../core/token.ts";
import type { User } from "../../core/user.ts";
import { cookieNames, readCookie } from "./cookie.ts";
import { createIssuer } from "./issuer.ts";
import { issuerPlugin, type VouchedFor } from "./issuer-plugin.ts";
import type { Redirection, SetCookies, SignInLibrary, Visitor } from "./library.ts";
import type { LibraryParts } from "./library-options.ts";
import { type AdmissionRules, type ClaimsRefusal, readVouchedPerson } from "./vouched-person.ts";

/** As it is configured. */
export interface SingleSignOnOptions extends AdmissionRules {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
  /** On the button: `Sign in with <label>`. */
  readonly label: string;
}

/** Every way in which it can end badly: the code that `/sign-in?error=` carries. */
type SingleSignOnError =
  | ClaimsRefusal
  | "sso_denied"
  | "sso_expired"
  | "sso_unavailable"
  | "sso_account_exists"
  | "sso_disabled";

type SingleSignOnEnd =
  | { readonly kind: "signed_in"; readonly next: string; readonly setCookies: SetCookies }
  | {
      readonly kind: "refused";
      readonly error: SingleSignOnError;
      /** Whom the issuer vouched for, if it is somebody known. */
      readonly user: User | null;
      readonly setCookies: SetCookies;
    };

export interface SingleSignOn {
  readonly label: string;
  readonly issuer: string;
  /** @returns null when the issuer cannot be asked */
  begin(next: string): Promise<Redirection | null>;
  complete(
    query: Readonly<Record<string, string>>,
    headers: Headers,
    visitor: Visitor,
    origin: RequestOrigin,
  ): Promise<SingleSignOnEnd>;
}

/** What the library does not carry from the callback to where the claims are judged, and back. */
interface Visit {
  readonly origin: RequestOrigin;
  refusal: { readonly error: SingleSignOnError; readonly user: User | null } | null;
}

/** Endpoints and keys may move: after this the issuer is asked anew. */
const DESCRIPTION_TTL_MS = 60 * 60_000;
/** Longer than each of the issuer's answers may take. */
const STEP_TIMEOUT_MS = 25_000;

export function createSingleSignOn(
  options: SingleSignOnOptions,
  parts: {
    readonly store: Pick<SignInStore, "admitVouched">;
    readonly library: LibraryParts;
    readonly clock: Clock;
    readonly random: Random;
    readonly logger: Logger;
  },
): SingleSignOn {
  const { store, clock, random, logger } = parts;
  const names = cookieNames(parts.library.publicUrl);
  const issuer = createIssuer({ ...options, clock });
  const visits = new AsyncLocalStorage<Visit>();
  let opened: { readonly library: Promise<SignInLibrary>; readonly staleAt: number } | null = null;

  /** Its own instance of the library: one that waits for an issuer would let passwords wait too. */
  async function open(): Promise<SignInLibrary> {
    const [description, { openLibrary }] = await Promise.all([issuer.describe(), import("./library.ts")]);
    const plugin = issuerPlugin({ options, issuer, description, admit });
    return openLibrary({ ...parts.library, plugins: [plugin] });
  }

  function library(): Promise<SignInLibrary> {
    if (opened === null || opened.staleAt <= clock.now()) {
      opened = { library: open(), staleAt: clock.now() + DESCRIPTION_TTL_MS };
    }
    return opened.library;
  }

  /** Runs between the verification of the claims and the session. */
  async function admit(claims: Readonly<Record<string, unknown>>): Promise<VouchedFor | null> {
    const visit = visits.getStore();
    const person = readVouchedPerson(claims, options);
    if (visit === undefined || typeof person === "string") {
      return refuse(visit, typeof person === "string" ? person : "sso_failed", null);
    }
    const { requestId, address } = visit.origin;
    const newUserId = mintId("usr", random);
    const admission = await store.admitVouched({ ...person, newUserId }, { requestId, address });
    switch (admission.kind) {
      case "account_exists":
        return refuse(visit, "sso_account_exists", null);
      case "disabled":
        return refuse(visit, "sso_disabled", admission.user);
      case "admitted":
        return { sub: person.subject, email: admission.user.email, name: admission.user.name };
    }
  }

  function refuse(visit: Visit | undefined, error: SingleSignOnError, user: User | null): null {
    if (visit !== undefined) {
      visit.refusal = { error, user };
    }
    return null;
  }

  /** What has hung or failed is opened anew by the next visitor. */
  async function bounded<T>(step: (library: SignInLibrary) => Promise<T>): Promise<T | null> {
    const { promise: timeout, resolve } = Promise.withResolvers<null>();
    const cancel = clock.schedule(STEP_TIMEOUT_MS, () => resolve(null));
    try {
      const result = await Promise.race([library().then(step), timeout]);
      if (result === null) {
        opened = null;
      }
      return result;
    } catch (error) {
      opened = null;
      if (isKeywardError(error, "credential_store_unavailable")) {
        throw error;
      }
      logger.warn("single_sign_on_failed", { code: isKeywardError(error) ? error.code : "library" });
      return null;
    } finally {
      cancel();
    }
  }

  /** Two of them are none: the library then says that the state does not fit. */
  function stateIn(headers: Headers): string | null {
    try {
      return readCookie(headers, names.singleSignOn);
    } catch (error) {
      if (isKeywardError(error, "ambiguous_credentials")) {
        return null;
      }
      throw error;
    }
  }

  return {
    label: options.label,
    issuer: options.issuer,

    begin: (next) => bounded((opened) => opened.beginSingleSignOn(SINGLE_SIGN_ON, next)),

    async complete(query, headers, visitor, origin) {
      const state = stateIn(headers);
      const cookie = state === null ? "" : `${names.singleSignOn}=${state}`;
      const visit: Visit = { origin, refusal: null };
      const redirection = await visits.run(visit, () =>
        bounded((opened) => opened.completeSingleSignOn(SINGLE_SIGN_ON, query, cookie, visitor)),
      );
      if (redirection === null) {
        return { kind: "refused", error: "sso_unavailable", user: null, setCookies: [] };
      }
      const { to, setCookies } = redirection;
      const code = new URL(to, parts.library.publicUrl).searchParams.get("error");
      const isSignedIn = setCookies.some((text) => text.startsWith(`${names.session}=`));
      if (isSignedIn && visit.refusal === null) {
        return { kind: "signed_in", next: to, setCookies };
      }
      const { error, user } = visit.refusal ?? { error: ERRORS.get(code ?? "") ?? "sso_failed", user: null };
      logger.warn("single_sign_on_refused", { error, code: CODE.test(code ?? "") ? code : null });
      return { kind: "refused", error, user, setCookies };
    },
  };
}

/** A word; anything longer may be a text that came in the query. */
const CODE = /^[a-z_]{1,60}$/;

/** The library's codes, and the issuer's own (OpenID Connect Core 1.0 section 3.1.2.6), in our words. */
const ERRORS: ReadonlyMap<string, SingleSignOnError> = new Map([
  ["access_denied", "sso_denied"],
  ["login_required", "sso_denied"],
  ["consent_required", "sso_denied"],
  ["state_mismatch", "sso_expired"],
  ["state_not_found", "sso_expired"],
  ["state_invalid", "sso_expired"],
  ["invalid_code", "sso_expired"],
  ["temporarily_unavailable", "sso_unavailable"],
  ["server_error", "sso_unavailable"],
]);
