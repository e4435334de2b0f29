import { sql, type Expression, type RawBuilder, type SqlBool } from "kysely";
import type { Binding } from "../core/credential.ts";

/*
 * Who may use a server: it is `ready`; it allows all identities, or has granted this one, or a group that this user is a
 * member of; and the identity is not shut out. This file is the only place that says so in SQL.
 */

interface IdentityExpressions {
  readonly mode: Expression<string>;
  readonly id: Expression<string>;
}

interface BindingExpressions extends IdentityExpressions {
  readonly serverId: Expression<string>;
}

/** Whether the identity of a row may use the server of that row. */
export function rowHasAccess(table: "header_credentials" | "submission_flows"): RawBuilder<SqlBool> {
  return hasAccess({
    serverId: sql.ref<string>(`${table}.server_id`),
    mode: sql.ref<string>(`${table}.auth_mode`),
    id: sql.ref<string>(`${table}.identity_id`),
  });
}

export function bindingHasAccess(binding: Binding): RawBuilder<SqlBool> {
  return hasAccess({
    serverId: sql.val(binding.serverId),
    mode: sql.val<string>(binding.identity.mode),
    id: sql.val(binding.identity.id),
  });
}

/** Whether the identity may use the server of a row of `servers`. */
export function serverIsUsableBy(identity: IdentityExpressions): RawBuilder<SqlBool> {
  return sql<SqlBool>`(${isOpenTo("servers", identity)} and not ${isShutOut(identity)})`;
}

function hasAccess({ serverId, ...identity }: BindingExpressions): RawBuilder<SqlBool> {
  return sql<SqlBool>`(exists (
    select 1 from servers as used where used.id = ${serverId} and ${isOpenTo("used", identity)}
  ) and not ${isShutOut(identity)})`;
}

function isOpenTo(table: "servers" | "used", { mode, id }: IdentityExpressions): RawBuilder<SqlBool> {
  const serverId = sql.ref<string>(`${table}.id`);
  return sql<SqlBool>`(${sql.ref(`${table}.status`)} = 'ready' and (
    ${sql.ref(`${table}.allow_all_identities`)} = 1
    or exists (
      select 1 from server_grants as granted
      where granted.server_id = ${serverId} and granted.auth_mode = ${mode} and granted.identity_id = ${id}
    )
    or exists (select 1 from ${groupGrantsOf({ serverId, mode, id })})
  ))`;
}

/** The grants of a server to the groups of an identity, as a table expression; `shared` has its columns. */
export function groupGrantsOf({ serverId, mode, id }: BindingExpressions): RawBuilder<unknown> {
  return sql`server_group_grants as shared
    join group_members as member on member.group_id = shared.group_id and member.user_id = ${id}
    where shared.server_id = ${serverId} and ${mode} = 'user'`;
}

/** Whether the identity is shut out of every server: a key that is disabled or revoked, a user who is disabled or gone. */
function isShutOut({ mode, id }: IdentityExpressions): RawBuilder<SqlBool> {
  return sql<SqlBool>`(
    (${mode} = 'virtual_key' and exists (
      select 1 from virtual_keys as caller
      where caller.id = ${id} and (caller.is_enabled = 0 or caller.revoked_at is not null)
    ))
    or (${mode} = 'user' and not exists (
      select 1 from users as person where person.id = ${id} and person.is_disabled = 0
    ))
  )`;
}
