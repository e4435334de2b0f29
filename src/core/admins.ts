import type { Requester } from "./access.ts";
import { entryOf, type RequestOrigin } from "./audit.ts";
import { parseDisplayName } from "./display-name.ts";
import { KeywardError } from "./errors.ts";
import type { UserStore } from "./people-port.ts";
import type { Random, Vault } from "./ports.ts";
import { Secret } from "./secret.ts";
import type { AdminStore, AdminToken } from "./admin-port.ts";
import { mintId, mintToken, parseToken } from "./token.ts";

/** An administrator, by the token that proved it. */
export interface Admin {
  readonly id: string;
  readonly name: string;
}

/** Bootstrap and proof of administrators. There is no default password and no default token anywhere. */
export interface Admins {
  /** Whether there is, or will be at the next start, a setup token that makes the first administrator. */
  isSetupOpen(): Promise<boolean>;
  /** Makes a one-time setup token, unless setup has been done. To be printed once. @returns null when it has */
  offerSetup(): Promise<Secret<string> | null>;
  /**
   * Trades the setup token for the first admin token, which is shown this once.
   * @throws KeywardError `unauthenticated` for a wrong token, `setup_done` when it has been used
   */
  completeSetup(
    setupToken: string,
    name: string,
    origin: RequestOrigin,
  ): Promise<{ admin: Admin; token: Secret<string> }>;
  /** @returns null when the token is malformed or unknown */
  byToken(text: string): Promise<Admin | null>;
  /**
   * Makes another admin token, which is shown this once.
   * @throws KeywardError `invalid_request` for a name that may not be
   */
  create(name: string, by: Requester): Promise<{ readonly admin: AdminToken; readonly token: Secret<string> }>;
  /**
   * It counts for nothing from the next request on.
   * @throws KeywardError `admin_token_not_found`; `last_admin` when nobody would be left who may administer
   */
  revoke(id: string, by: Requester): Promise<void>;
}

export function createAdmins(parts: {
  readonly store: AdminStore & Pick<UserStore, "isSetUp">;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  /** `KEYWARD_ADMIN_TOKEN`, or null. */
  readonly configuredToken: Secret<string> | null;
}): Admins {
  const { store, vault, random, configuredToken } = parts;
  // Digests are compared instead of tokens: keyed, so the time of comparing them tells nothing about the token.
  const configuredDigest = configuredToken === null ? null : vault.digest("admin_token", configuredToken);

  return {
    // With a configured token none is offered: that token makes the first administrator, by an invitation.
    isSetupOpen: async () => configuredToken === null && !(await store.isSetUp()),

    async offerSetup() {
      const { secret } = mintToken("setup_token", random);
      return (await store.offerSetup(vault.digest("setup_token", secret))) ? secret : null;
    },

    async completeSetup(setupToken, name, origin) {
      const offered = parseToken("setup_token", setupToken);
      if (offered === null) {
        throw new KeywardError("unauthenticated", { message: "That is not a setup token." });
      }
      const { secret } = mintToken("admin_token", random);
      const id = mintId("adm", random);
      const created = await store.completeSetup(
        vault.digest("setup_token", offered.secret),
        { id, name, digest: vault.digest("admin_token", secret) },
        { ...origin, actor: { kind: "admin", id }, action: "setup.completed", outcome: "ok", detail: { name } },
      );
      if (created === null) {
        throw new KeywardError("setup_done", { message: "This setup token is not valid, or has been used." });
      }
      return { admin: { id: created.id, name: created.name }, token: secret };
    },

    async byToken(text) {
      const presented = new Secret(text);
      if (configuredDigest !== null && vault.digest("admin_token", presented) === configuredDigest) {
        return { id: "configured", name: "KEYWARD_ADMIN_TOKEN" };
      }
      const token = parseToken("admin_token", text);
      return token === null ? null : await store.findAdminTokenByDigest(vault.digest("admin_token", token.secret));
    },

    async create(text, by) {
      const name = parseDisplayName(text);
      const { secret } = mintToken("admin_token", random);
      const id = mintId("adm", random);
      const admin = await store.createAdminToken(
        { id, name, digest: vault.digest("admin_token", secret) },
        { ...entryOf(by, "admin_token.created"), detail: { name } },
      );
      return { admin, token: secret };
    },

    async revoke(id, by) {
      const entry = entryOf(by, "admin_token.revoked");
      if (!(await store.revokeAdminToken(id, { isLastAllowed: configuredToken !== null }, entry))) {
        throw new KeywardError("admin_token_not_found");
      }
    },
  };
}
