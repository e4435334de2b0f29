import type { Binding, SealedCredential } from "./credential.ts";
import { decodeHeaderValues, encodeHeaderValues, type HeaderValues } from "./header-values.ts";
import type { ResealedRow, SealedRow } from "./key-rotation-port.ts";
import type { OauthRecordFacts } from "./oauth-port.ts";
import type { SealContext, Sealed, Vault } from "./ports.ts";
import type { UpstreamOrigin } from "./server.ts";
import type { CredentialSlot, SealForSlot } from "./credential-port.ts";

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
export async function openCredential(vault: Vault, row: SealedCredential): Promise<HeaderValues> {
  const slot = { credentialId: row.id, version: row.version };
  return decodeHeaderValues(await vault.open(row.sealed, credentialContext(slot, row)));
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
export async function openStaticHeaders(
  vault: Vault,
  server: { readonly id: string; readonly origin: UpstreamOrigin; readonly staticHeaders: Sealed | null },
): Promise<HeaderValues> {
  return server.staticHeaders === null
    ? new Map()
    : decodeHeaderValues(await vault.open(server.staticHeaders, staticContext(server.id, server.origin)));
}

// The order is part of the format: changing it makes every stored record unreadable.
export function oauthRecordContext({ id, model, grantId, userId, clientId }: OauthRecordFacts): SealContext {
  return { purpose: "oauth_record", fields: [id, model, grantId ?? "", userId ?? "", clientId ?? ""] };
}

/**
 * The value of a row under the current data key, bound to what it was bound to before. It is not looked at.
 * @throws KeywardError `credential_unreadable`
 */
export async function resealRow(vault: Vault, seen: SealedRow): Promise<ResealedRow> {
  const { sealed, context } = sealedIn(seen);
  const plaintext = await vault.open(sealed, context);
  const resealed = vault.seal(plaintext, context);
  plaintext.fill(0);
  return { seen, sealed: resealed };
}

/**
 * Opens the value of a row, to see that it can be. It is not looked at.
 * @throws KeywardError `credential_unreadable`
 */
export async function checkRow(vault: Vault, row: SealedRow): Promise<void> {
  const { sealed, context } = sealedIn(row);
  (await vault.open(sealed, context)).fill(0);
}

function sealedIn(row: SealedRow): { readonly sealed: Sealed; readonly context: SealContext } {
  switch (row.kind) {
    case "credential": {
      const { credential } = row;
      const slot = { credentialId: credential.id, version: credential.version };
      return { sealed: credential.sealed, context: credentialContext(slot, credential) };
    }
    case "server":
      return { sealed: row.server.staticHeaders, context: staticContext(row.server.id, row.server.origin) };
    case "oauth_record":
      return { sealed: row.record.sealed, context: oauthRecordContext(row.record) };
  }
}
