import type { Binding, SealedCredential } from "./credential.ts";
import { decodeHeaderValues, encodeHeaderValues, type HeaderValues } from "./header-values.ts";
import type { SealContext, Sealed, Vault } from "./ports.ts";
import type { UpstreamOrigin } from "./server.ts";
import type { CredentialSlot, SealForSlot } from "./store-port.ts";

interface CredentialBinding extends Binding {
  readonly origin: UpstreamOrigin;
  readonly schemaRevision: number;
}

// The order is part of the format: changing it makes every stored value unreadable.
function credentialContext(slot: CredentialSlot, binding: CredentialBinding): SealContext {
  return {
    purpose: "header_credential",
    fields: [
      slot.credentialId,
      binding.serverId,
      binding.origin,
      binding.identity.mode,
      binding.identity.id,
      String(binding.schemaRevision),
      String(slot.version),
    ],
  };
}

/** Seals values for whichever id and version the store is about to write them under. */
export function sealCredential(vault: Vault, values: HeaderValues, binding: CredentialBinding): SealForSlot {
  return (slot) => vault.seal(encodeHeaderValues(values), credentialContext(slot, binding));
}

/** @throws KeywardError `credential_unreadable` */
export function openCredential(vault: Vault, row: SealedCredential): HeaderValues {
  return decodeHeaderValues(
    vault.open(row.sealed, credentialContext({ credentialId: row.id, version: row.version }, row)),
  );
}

function staticContext(serverId: string, origin: UpstreamOrigin): SealContext {
  return { purpose: "static_headers", fields: [serverId, origin] };
}

/** Static headers are bound to their server and origin: an edited row cannot send them to another place. */
export function sealStaticHeaders(
  vault: Vault,
  values: HeaderValues,
  serverId: string,
  origin: UpstreamOrigin,
): Sealed {
  return vault.seal(encodeHeaderValues(values), staticContext(serverId, origin));
}

/** @throws KeywardError `credential_unreadable` */
export function openStaticHeaders(
  vault: Vault,
  server: { readonly id: string; readonly origin: UpstreamOrigin; readonly staticHeaders: Sealed | null },
): HeaderValues {
  return server.staticHeaders === null
    ? new Map()
    : decodeHeaderValues(vault.open(server.staticHeaders, staticContext(server.id, server.origin)));
}
