import type { KnownMigration } from "../migration-plan.ts";
import type { Random } from "../../core/ports.ts";
import { type Definitions, differingNames } from "../schema-difference.ts";
import { applyMigrations } from "./migrate.ts";
import type { PgClient } from "./pg-client.ts";
import { sqlState } from "./postgres-error.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

/**
 * Tables, indexes, triggers and functions of the schema that are not as its migrations have made them: somebody has been
 * at it. What the migrations make is made anew in a schema beside it, in a transaction that is rolled back: nobody sees it.
 *
 * @param client for this alone
 * @returns their names; null when the user may not create a schema, so that there is nothing to compare with
 */
export async function postgresSchemaDrift(
  client: PgClient,
  known: readonly KnownMigration[],
  random: Random,
): Promise<readonly string[] | null> {
  const found = await schemaOf(client);
  await client.query({ text: "begin" });
  try {
    // A name of its own: two that look at once do not wait for each other.
    const beside = `keyward_as_meant_${Buffer.from(random.bytes(8)).toString("hex")}`;
    await client.query({ text: `create schema ${beside}; set local search_path to ${beside}` });
    await applyMigrations(client, known, random);
    return differingNames(await schemaOf(client), found);
  } catch (error) {
    if (sqlState(error) === INSUFFICIENT_PRIVILEGE) {
      return null;
    }
    throw error;
  } finally {
    await client.query({ text: "rollback" });
  }
}

/** By name; without what an extension has put there. A trigger that is switched off, and an index that was never finished, count. */
async function schemaOf(client: PgClient): Promise<Definitions> {
  const { rows } = await client.query({ text: DEFINITIONS });
  return new Map((rows as { name: string; definition: string }[]).map(({ name, definition }) => [name, definition]));
}

const IS_OURS = `to_regnamespace(quote_ident(current_schema()))`;
const notOfAnExtension = (oid: string): string =>
  `not exists (select 1 from pg_depend where objid = ${oid} and deptype = 'e')`;

/*
 * Constraints without the parentheses that change nothing: the server keeps those that were typed, and a database that was
 * dumped and restored has been typed by `pg_dump`, which writes `BETWEEN` as two comparisons in parentheses of their own.
 */
const DEFINITIONS = `
  select name, replace(string_agg(definition, E'\\n' order by definition collate "C"),
    quote_ident(current_schema()) || '.', '') as definition
  from (
    select relname::text as name, concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, collname,
      attidentity, attgenerated, pg_get_expr(adbin, adrelid)) as definition
    from pg_class as c join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped
      left join pg_attrdef on adrelid = c.oid and adnum = attnum
      left join pg_collation as l on l.oid = attcollation
    where relnamespace = ${IS_OURS} and relkind in ('r', 'p') and ${notOfAnExtension("c.oid")}
    union all
    select relname::text, concat_ws(' ', conname, pg_get_constraintdef(k.oid, true))
    from pg_class as c join pg_constraint as k on conrelid = c.oid
    where relnamespace = ${IS_OURS} and ${notOfAnExtension("c.oid")}
    union all
    select relname::text, concat_ws(' ', indisvalid, pg_get_indexdef(c.oid))
    from pg_class as c join pg_index as i on indexrelid = c.oid
    where relnamespace = ${IS_OURS} and ${notOfAnExtension("indrelid")}
    union all
    select tgname::text, concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid))
    from pg_class as c join pg_trigger as t on tgrelid = c.oid
    where relnamespace = ${IS_OURS} and not tgisinternal
    union all
    select proname::text, pg_get_functiondef(p.oid)
    from pg_proc as p
    where pronamespace = ${IS_OURS} and prokind in ('f', 'p') and ${notOfAnExtension("p.oid")}
  ) as each
  group by name`;
