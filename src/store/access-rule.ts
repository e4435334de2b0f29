import { sql, type Expression, type RawBuilder, type SqlBool } from "kysely";
import type { Binding } from "../core/credential.ts";

/*
 * Who may use a server: it is `ready`, it allows all identities or has granted this one, and the identity is not a
 * virtual key that was disabled or revoked. This file is the only place that says so in SQL.
 */

interface BindingExpressions {
  readonly serverId: Expression<string>;
  readonly mode: Expression<string>;
  readonly id: Expression<string>;
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

function hasAccess({ serverId, mode, id }: BindingExpressions): RawBuilder<SqlBool> {
  return sql<SqlBool>`(exists (
    select 1 from servers as used where used.id = ${serverId} and used.status = 'ready' and (
      used.allow_all_identities = 1 or exists (
        select 1 from server_grants as granted
        where granted.server_id = ${serverId} and granted.auth_mode = ${mode} and granted.identity_id = ${id}
      )
    )
  ) and not ${isShutOut(mode, id)})`;
}

/** Whether the identity is shut out of every server: a virtual key that is disabled or revoked. */
export function isShutOut(mode: Expression<string>, id: Expression<string>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(${mode} = 'virtual_key' and exists (
    select 1 from virtual_keys as caller
    where caller.id = ${id} and (caller.is_enabled = 0 or caller.revoked_at is not null)
  ))`;
}
