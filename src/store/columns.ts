import type { Binding } from "../core/credential.ts";
import { type AuthMode, type Identity, parseIdentity } from "../core/identity.ts";
import { unavailable } from "./engine.ts";
import type { BindingColumns, IdentityColumns } from "./tables.ts";

export function toBit(value: boolean): number {
  return value ? 1 : 0;
}

export function fromBit(bit: number): boolean {
  return bit !== 0;
}

/**
 * Reads a column that is known to hold JSON. Nothing is parsed that merely looks like JSON.
 * @throws KeywardError `credential_store_unavailable` for a row that Keyward cannot have written
 */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's error quotes the text.
    throw unavailable(new Error("a JSON column does not hold JSON"));
  }
}

export function toJsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

export function fromJsonOrNull(text: string | null): unknown {
  return text === null ? null : fromJson(text);
}

export function fromIdentity(identity: Identity): IdentityColumns {
  return { auth_mode: identity.mode, identity_id: identity.id };
}

export function toIdentity(row: IdentityColumns): Identity {
  return { mode: row.auth_mode as AuthMode, id: row.identity_id };
}

export function fromBinding(binding: Binding): BindingColumns {
  return { server_id: binding.serverId, ...fromIdentity(binding.identity) };
}

export function toBinding(row: BindingColumns): Binding {
  return { serverId: row.server_id, identity: toIdentity(row) };
}

/**
 * The gate of everything that writes an identity into a row: other forms of the same name never become rows (A13).
 * @throws KeywardError `invalid_identity`
 */
export function assertIdentity(identity: Identity): void {
  parseIdentity(identity.mode, identity.id);
}
