import { createAccessControl, type AccessControl, type Requester } from "../../src/core/access.ts";
import { createAdmins, type Admins } from "../../src/core/admins.ts";
import { createCallers, type Callers } from "../../src/core/callers.ts";
import { createGroups, type Groups } from "../../src/core/groups.ts";
import { identityKey } from "../../src/core/identity.ts";
import { createKeyIssuer, type KeyIssuer } from "../../src/core/key-issuer.ts";
import { createPeople, type People } from "../../src/core/people.ts";
import type { Vault } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import { openSqliteStore, type SqliteStore } from "../../src/sqlite.ts";
import { random, TestClock, TestFolder } from "../store/sqlite-harness.ts";

export const BY_ADMIN: Requester = {
  actor: { kind: "admin", id: "adm_1" },
  origin: { requestId: "req_1", address: "192.0.2.1" },
};

/** The policies of people on a real store; what they end is written down. */
export interface Policies {
  readonly store: SqliteStore;
  readonly clock: TestClock;
  readonly people: People;
  readonly groups: Groups;
  readonly keyIssuer: KeyIssuer;
  readonly access: AccessControl;
  readonly admins: Admins;
  readonly callers: Callers;
  /** `forget cred_...`, `end user:usr_...`, `review`, `changed ...`; emptied by `take`. */
  take(): readonly string[];
  close(): Promise<void>;
}

const vault: Pick<Vault, "digest"> = { digest: (purpose, token) => `${purpose} of ${token.reveal()}` };

export async function openPolicies(configuredToken: string | null = null): Promise<Policies> {
  const folder = new TestFolder();
  const clock = new TestClock();
  const store = await openSqliteStore({ path: folder.file(), clock, random });
  const ended: string[] = [];
  const openings = {
    upstream: { forgetCredential: (id: string) => void ended.push(`forget ${id}`) },
    connections: {
      endOf: (identity: Parameters<typeof identityKey>[0]) => void ended.push(`end ${identityKey(identity)}`),
      review: () => void ended.push("review"),
    },
    listChanges: {
      changed: (scope: object) => void ended.push(`changed ${Object.keys(scope).join(",")}`),
    },
  };
  const parts = { ...openings, store, vault, random };
  return {
    store,
    clock,
    people: createPeople(parts),
    groups: createGroups(parts),
    keyIssuer: createKeyIssuer(parts),
    access: createAccessControl(parts),
    admins: createAdmins({
      ...parts,
      configuredToken: configuredToken === null ? null : new Secret(configuredToken),
    }),
    callers: createCallers({ store, vault, clock, areSessionsEnabled: false }),
    take: () => ended.splice(0),
    async close() {
      await store.close();
      folder.remove();
    },
  };
}
