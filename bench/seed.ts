import { sql } from "kysely";
import { parseHeaderName } from "../src/core/header-name.ts";
import { parseHeaderValue } from "../src/core/header-values.ts";
import { sealCredential } from "../src/core/seal-context.ts";
import type { UpstreamOrigin } from "../src/core/server.ts";
import { mintToken } from "../src/core/token.ts";
import { systemClock, systemRandom } from "../src/server/system.ts";
import type { Tx } from "../src/store/engine.ts";
import { expectedKey, KEY_HEADER } from "./calls.ts";
import type { Deployment } from "./deployment.ts";
import { openFoundations } from "./foundations.ts";

/** An identity with a virtual key and a stored, sealed value. */
export interface Seeded {
  /** Also the id of its virtual key. */
  readonly who: string;
  readonly key: string;
}

export interface SeedOptions {
  readonly deployment: Deployment;
  readonly serverIds: readonly string[];
  /** Where the servers are. */
  readonly origin: string;
  /** Ids of the identities. */
  readonly whos: readonly string[];
}

/** Identities in one statement for each table. */
const SEED_BATCH = 500;
/** Rows in one transaction: PostgreSQL ends one that takes longer than half a minute. */
const FILL_BATCH = 100_000;

export function identityIds(count: number, prefix = "vk_bench"): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(7, "0")}`);
}

/**
 * Issues virtual keys and stores a sealed value for each of them at each server, many in one statement: 10,000 through
 * the REST API would take longer than what is measured with them. Every value decrypts, and is the one that the upstream
 * wants of its identity.
 */
export async function seedIdentities({ deployment, serverIds, origin, whos }: SeedOptions): Promise<readonly Seeded[]> {
  const { store, engine, vault } = await openFoundations(deployment);
  try {
    const now = systemClock.now();
    const name = parseHeaderName(KEY_HEADER);
    const sealed = (serverId: string, who: string) => {
      const id = `cred_${serverId}_${who}`;
      const values = new Map([[name, parseHeaderValue(KEY_HEADER, expectedKey(who))]]);
      const { envelope, keyId } = sealCredential(vault, values, {
        identity: { mode: "virtual_key", id: who },
        serverId,
        origin: origin as UpstreamOrigin,
        schemaRevision: 1,
      })({ credentialId: id, version: 1 });
      return {
        id,
        server_id: serverId,
        auth_mode: "virtual_key" as const,
        identity_id: who,
        origin,
        schema_revision: 1,
        field_names: JSON.stringify([KEY_HEADER]),
        sealed: envelope,
        key_id: keyId,
        version: 1,
        status: "active",
        status_changed_at: now,
        created_at: now,
        updated_at: now,
      };
    };
    const seeded: Seeded[] = [];
    for (let start = 0; start < whos.length; start += SEED_BATCH) {
      const batch = whos.slice(start, start + SEED_BATCH);
      const issued = batch.map((who) => ({ who, secret: mintToken("virtual_key", systemRandom).secret }));
      await engine.write(async ({ db }) => {
        const keys = issued.map(({ who, secret }) => ({
          id: who,
          name: who,
          prefix: secret.reveal().slice(0, 8),
          digest: vault.digest("virtual_key", secret),
          is_enabled: 1,
          created_by: "bench",
          created_at: now,
        }));
        await db.insertInto("virtual_keys").values(keys).execute();
        for (const serverId of serverIds) {
          const credentials = batch.map((who) => sealed(serverId, who));
          await db.insertInto("header_credentials").values(credentials).execute();
        }
      });
      seeded.push(...issued.map(({ who, secret }) => ({ who, key: secret.reveal() })));
    }
    return seeded;
  } finally {
    await store.close();
  }
}

/** Rows that lie in the way: credentials of other identities, as long as real ones, which nobody opens. */
export function fillCredentials(
  deployment: Deployment,
  serverId: string,
  origin: string,
  count: number,
): Promise<void> {
  const fields = JSON.stringify([KEY_HEADER]);
  const bytes = new Uint8Array(400);
  return fill(deployment, count, async ({ db }, numbers, digits) => {
    await sql`
      insert into header_credentials (id, server_id, auth_mode, identity_id, origin, schema_revision, field_names, sealed,
        key_id, version, status, status_changed_at, created_at, updated_at)
      select ${`cred_${serverId}_vk_bench`} || ${digits} || 'x', ${serverId}, 'virtual_key', 'vk_bench' || ${digits} || 'x',
        ${origin}, 1, ${fields}, ${bytes}, 'dk_none', 1, 'active', 0, 0, 0
      from ${numbers}
    `.execute(db);
  });
}

/** Links whose time is up. */
export function fillExpiredFlows(
  deployment: Deployment,
  serverId: string,
  origin: string,
  count: number,
): Promise<void> {
  return fill(deployment, count, async ({ db }, numbers, digits) => {
    await sql`
      insert into submission_flows (id, server_id, auth_mode, identity_id, state, attempts, proof_failures,
        schema_revision, origin, access_epoch, requested_by, expires_at, created_at, updated_at)
      select 'flow_lost' || ${digits}, ${serverId}, 'user', 'lost' || ${digits}, 'pending', 0, 0, 1, ${origin}, 0, '{}',
        1, 0, 0
      from ${numbers}
    `.execute(db);
  });
}

type Sql = ReturnType<typeof sql>;

/**
 * Makes rows inside the database, in words of both engines.
 * @param insert gets a table of numbers, and the number of a row in seven digits
 */
async function fill(
  deployment: Deployment,
  count: number,
  insert: (tx: Tx, numbers: Sql, digits: Sql) => Promise<void>,
): Promise<void> {
  const { store, engine } = await openFoundations(deployment);
  const digits = sql`substr(cast(10000000 + i as text), 2)`;
  try {
    for (let start = 0; start < count; start += FILL_BATCH) {
      const last = Math.min(start + FILL_BATCH, count) - 1;
      const numbers = sql`(
        with recursive n(i) as (select ${sql.lit(start)} union all select i + 1 from n where i < ${sql.lit(last)})
        select i from n
      ) as numbers`;
      await engine.write((tx) => insert(tx, numbers, digits));
    }
  } finally {
    await store.close();
  }
  await deployment.settle();
}
