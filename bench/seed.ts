import { DatabaseSync } from "node:sqlite";
import { parseHeaderName } from "../src/core/header-name.ts";
import { parseHeaderValue } from "../src/core/header-values.ts";
import { sealCredential } from "../src/core/seal-context.ts";
import type { UpstreamOrigin } from "../src/core/server.ts";
import { mintToken } from "../src/core/token.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import { expectedKey, KEY_HEADER } from "./calls.ts";
import { databaseIn, openFoundations } from "./foundations.ts";

/** An identity with a virtual key and a stored, sealed value. */
export interface Seeded {
  /** Also the id of its virtual key. */
  readonly who: string;
  readonly key: string;
}

export interface SeedOptions {
  readonly folder: string;
  readonly serverIds: readonly string[];
  /** Where the servers are. */
  readonly origin: string;
  /** Ids of the identities. */
  readonly whos: readonly string[];
}

const COLUMNS = `(id, server_id, auth_mode, identity_id, origin, schema_revision, field_names, sealed, key_id, version,
  status, status_changed_at, created_at, updated_at)`;

export function identityIds(count: number, prefix = "vk_bench"): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(7, "0")}`);
}

/**
 * Issues virtual keys and stores a sealed value for each of them at each server, by prepared inserts: 10,000 through
 * the REST API would take longer than what is measured with them. Every value decrypts, and is the one that the upstream
 * wants of its identity.
 */
export async function seedIdentities({ folder, serverIds, origin, whos }: SeedOptions): Promise<readonly Seeded[]> {
  const { path, store, vault } = await openFoundations(folder);
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    const now = systemClock.now();
    const insertKey = database.prepare(`insert into virtual_keys
      (id, name, prefix, digest, is_enabled, created_by, created_at) values (?, ?, ?, ?, 1, 'bench', ?)`);
    const insertCredential = database.prepare(`insert into header_credentials ${COLUMNS}
      values (?, ?, 'virtual_key', ?, ?, 1, ?, ?, ?, 1, 'active', ?, ?, ?)`);
    const name = parseHeaderName(KEY_HEADER);
    database.exec("begin");
    const seeded = whos.map((who) => {
      const { secret } = mintToken("virtual_key", systemRandom);
      const key = secret.reveal();
      insertKey.run(who, who, key.slice(0, 8), vault.digest("virtual_key", secret), now);
      const values = new Map([[name, parseHeaderValue(KEY_HEADER, expectedKey(who))]]);
      for (const serverId of serverIds) {
        const credentialId = `cred_${serverId}_${who}`;
        const { envelope, keyId } = sealCredential(vault, values, {
          identity: { mode: "virtual_key", id: who },
          serverId,
          origin: origin as UpstreamOrigin,
          schemaRevision: 1,
        })({ credentialId, version: 1 });
        const fields = JSON.stringify([KEY_HEADER]);
        insertCredential.run(credentialId, serverId, who, origin, fields, envelope, keyId, now, now, now);
      }
      return { who, key };
    });
    database.exec("commit");
    return seeded;
  } finally {
    database.close();
    await store.close();
  }
}

/** Rows that lie in the way: credentials of other identities, as long as real ones, which nobody opens. */
export function fillCredentials(folder: string, serverId: string, origin: string, count: number): void {
  inBulk(folder, (database) => {
    database
      .prepare(`with recursive n(i) as (select 0 union all select i + 1 from n where i < :last)
        insert into header_credentials ${COLUMNS}
        select printf('cred_%s_vk_bench%07dx', :server, i), :server, 'virtual_key', printf('vk_bench%07dx', i), :origin, 1,
          :fields, zeroblob(400), 'dk_none', 1, 'active', 0, 0, 0 from n`)
      .run({ last: count - 1, server: serverId, origin, fields: JSON.stringify([KEY_HEADER]) });
  });
}

/** Links whose time is up. */
export function fillExpiredFlows(folder: string, serverId: string, origin: string, count: number): void {
  inBulk(folder, (database) => {
    database
      .prepare(`with recursive n(i) as (select 0 union all select i + 1 from n where i < :last)
        insert into submission_flows (id, server_id, auth_mode, identity_id, state, attempts, proof_failures,
          schema_revision, origin, access_epoch, requested_by, expires_at, created_at, updated_at)
        select printf('flow_lost%07d', i), :server, 'user', printf('lost%07d', i), 'pending', 0, 0, 1, :origin, 0, '{}',
          1, 0, 0 from n`)
      .run({ last: count - 1, server: serverId, origin });
  });
}

function inBulk(folder: string, work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(databaseIn(folder), { timeout: 5_000 });
  try {
    database.exec("pragma cache_size = -500000; pragma synchronous = off; begin");
    work(database);
    database.exec("commit");
    // Old rows have been on the disk for long: what is measured must not wait for the writing of its preparation.
    database.exec("pragma wal_checkpoint(truncate)");
  } finally {
    database.close();
  }
}
