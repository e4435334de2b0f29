import type { AdapterPayload } from "oidc-provider";
import type { OauthModel, OauthRecord, OauthRecordFacts, OauthRecordToSave } from "../../core/oauth-port.ts";
import { oauthRecordId } from "../../core/oauth-record-id.ts";
import type { Vault } from "../../core/ports.ts";
import { oauthRecordContext } from "../../core/seal-context.ts";

/** Between what oidc-provider calls a payload and what lies in the store: rows that neither name nor show a token. */
export interface OauthRecords {
  /** What the row of `id` says of itself, and the payload, sealed for that row. */
  toRecord(model: OauthModel, id: string, payload: AdapterPayload, ttlMs: number | null): OauthRecordToSave;
  /** @throws KeywardError `credential_unreadable` */
  open(record: OauthRecord): Promise<AdapterPayload>;
  /** The key that `id` is kept under. */
  rowId(model: OauthModel, id: string): string;
}

export function createOauthRecords(vault: Vault): OauthRecords {
  const rowId = (model: OauthModel, id: string): string => oauthRecordId(vault, model, id);

  return {
    rowId,

    toRecord(model, id, payload, ttlMs) {
      const facts: OauthRecordFacts = {
        id: rowId(model, id),
        model,
        // An authorization under way names a grant too, but does not hang on it.
        grantId: model === "Interaction" ? null : (payload.grantId ?? null),
        userId: payload.accountId ?? payload.session?.accountId ?? null,
        clientId: payload.clientId ?? clientIdIn(payload),
      };
      return {
        ...facts,
        resource: typeof payload.aud === "string" ? payload.aud : null,
        scope: scopeOf(payload),
        sealed: vault.seal(new TextEncoder().encode(JSON.stringify(payload)), oauthRecordContext(facts)),
        ttlMs,
      };
    },

    async open(record) {
      const opened = await vault.open(record.sealed, oauthRecordContext(record));
      return JSON.parse(new TextDecoder().decode(opened)) as AdapterPayload;
    },
  };
}

/** Of a grant: what it allows at any resource. */
function scopeOf({ scope, resources }: AdapterPayload): string | null {
  const granted = Object.values((resources ?? {}) as Record<string, string>).flatMap((text) => text.split(" "));
  return scope ?? (granted.length === 0 ? null : [...new Set(granted)].join(" "));
}

function clientIdIn({ client_id: own, params }: AdapterPayload): string | null {
  const requested = params?.["client_id"];
  return own ?? (typeof requested === "string" ? requested : null);
}
