import { errors, type Adapter, type AdapterFactory, type AdapterPayload } from "oidc-provider";
import { NO_ORIGIN } from "../../core/audit.ts";
import { KeywardError } from "../../core/errors.ts";
import {
  OAUTH_MODELS,
  type GrantToSave,
  type OauthModel,
  type OauthRecord,
  type OauthStore,
} from "../../core/oauth-port.ts";
import { CONSUMED_KEPT_MS, REFRESH_GRACE_MS } from "./lifetimes.ts";
import type { OauthRecords } from "./records.ts";
import { createSessionView } from "./session-view.ts";
import { currentVisit } from "./visit.ts";

interface AdapterParts {
  readonly store: OauthStore;
  readonly records: OauthRecords;
  /** A name for a dashboard session that does not tell its id. */
  readonly sessionUid: (sessionId: string) => string;
  /** Called when a grant was revoked by its client, or because a code or token of it was presented twice. */
  readonly onRevoked: () => void;
}

/** oidc-provider's storage: the one table behind `OauthStore`, and a view of the dashboard session. */
export function createAdapterFactory(parts: AdapterParts): AdapterFactory {
  return (name) => (name === "Session" ? createSessionView(parts.sessionUid) : createAdapter(asModel(name), parts));
}

/** @throws KeywardError `internal` for a model of a feature that is off */
function asModel(name: string): OauthModel {
  const model = OAUTH_MODELS.find((known) => known === name);
  if (model === undefined) {
    throw new KeywardError("internal");
  }
  return model;
}

function createAdapter(model: OauthModel, { store, records, onRevoked }: AdapterParts): Adapter {
  async function revoke(grantId: string): Promise<void> {
    const visit = currentVisit();
    const revoked = await store.revokeApp(
      grantId,
      { ...(visit?.origin ?? NO_ORIGIN), actor: { kind: "system" }, action: "app.revoked", outcome: "ok" },
      visit?.revocation ?? "replayed",
    );
    if (revoked !== null) {
      onRevoked();
    }
  }

  async function save(id: string, payload: AdapterPayload, ttlMs: number | null): Promise<boolean> {
    const record = records.toRecord(model, id, payload, ttlMs);
    if (model !== "Grant") {
      return store.saveOauthRecord(record);
    }
    const consent = currentVisit()?.consent;
    if (consent === undefined) {
      throw new KeywardError("internal");
    }
    const { clientName, clientHost, audit } = consent;
    // The table refuses a grant of nobody to nobody.
    return store.authorizeApp({ ...record, clientName, clientHost } as GrantToSave, audit);
  }

  return {
    async upsert(id, payload, expiresIn) {
      const isSaved = await save(id, payload, expiresIn === undefined ? null : expiresIn * 1000);
      if (!isSaved) {
        // Its grant or its user went in the meantime.
        throw new errors.InvalidGrant("grant not found");
      }
    },

    async find(id) {
      const record = await store.findOauthRecord(model, records.rowId(model, id));
      return record === null ? undefined : shown(await records.open(record), record);
    },

    /**
     * RFC 6749 section 4.1.2 and RFC 9700 section 4.14: what is presented twice has been stolen from somebody, and nobody
     * can tell from whom. Two requests at once meet here, after both have found it unused.
     */
    async consume(id) {
      const graceMs = graceOf(model);
      const rowId = records.rowId(model, id);
      if (await store.consumeOauthRecord(model, rowId, { graceMs, keepMs: CONSUMED_KEPT_MS })) {
        return;
      }
      const record = await store.findOauthRecord(model, rowId);
      if (record !== null && record.grantId !== null) {
        await revoke(record.grantId);
      }
      throw new errors.InvalidGrant("presented twice");
    },

    destroy: (id) => (model === "Grant" ? revoke(id) : store.deleteOauthRecord(model, records.rowId(model, id))),

    // Called for one model after another: the first deletes all of it.
    revokeByGrantId: revoke,

    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
  };
}

function graceOf(model: OauthModel): number {
  return model === "RefreshToken" ? REFRESH_GRACE_MS : 0;
}

/**
 * The store has judged expiry by its clock. oidc-provider would judge once more, by the machine's, so the times are left
 * out; and it reads `consumed` as "a replay", which a refresh token within its grace is not.
 */
function shown(stored: AdapterPayload, { model, consumedSinceMs }: OauthRecord): AdapterPayload {
  const payload = { ...stored };
  delete payload.exp;
  delete payload.iat;
  const isSpent = consumedSinceMs !== null && consumedSinceMs >= graceOf(model);
  return isSpent ? { ...payload, consumed: true } : payload;
}
