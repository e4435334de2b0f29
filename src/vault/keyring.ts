import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { isKeywardError, KeywardError } from "../core/errors.ts";
import type { NewKey, WrappedKey } from "../core/key-port.ts";
import type { TokenPurpose } from "../core/token.ts";
import type { EnvelopeKey } from "./envelope.ts";
import { KEY_BYTES } from "./key-text.ts";
import type { KeyContext, KeyEncryption } from "./kms/key-encryption.ts";

/** A key row of the store; its age does not matter here. */
export type KeyRow = NewKey & Partial<Pick<WrappedKey, "staged">>;

const PURPOSE: Readonly<Record<KeyRow["kind"], KeyContext["purpose"]>> = { data: "data_key", digest: "digest_key" };

// What may be named in an error or a log: a row of a tampered database could hold any text as its id.
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The id itself if it looks like one of ours, else a placeholder. */
export function shownId(id: string): string {
  return KEY_ID.test(id) ? id : "(malformed id)";
}

export function contextOf({ kind, id }: Pick<KeyRow, "kind" | "id">, deploymentId: string): KeyContext {
  return { purpose: PURPOSE[kind], deploymentId, keyId: id };
}

/** The unwrapped keys of a deployment. Retired keys are not among them. */
export class KeyRing {
  readonly #dataKeys: ReadonlyMap<string, EnvelopeKey>;
  readonly #currentKey: EnvelopeKey;
  readonly #digestKey: EnvelopeKey;

  constructor(dataKeys: readonly EnvelopeKey[], currentKey: EnvelopeKey, digestKey: EnvelopeKey) {
    this.#dataKeys = new Map(dataKeys.map((key) => [key.id, key]));
    this.#currentKey = currentKey;
    this.#digestKey = digestKey;
  }

  /** The key that seals. */
  get currentKey(): EnvelopeKey {
    return this.#currentKey;
  }

  get digestKeyId(): string {
    return this.#digestKey.id;
  }

  get dataKeyIds(): readonly string[] {
    return [...this.#dataKeys.keys()];
  }

  /** The key that opens what names it; undefined when it is unknown or retired. */
  dataKey(id: string): EnvelopeKey | undefined {
    return this.#dataKeys.get(id);
  }

  /** Any key of the ring. */
  key(id: string): EnvelopeKey | undefined {
    return id === this.#digestKey.id ? this.#digestKey : this.dataKey(id);
  }

  /** The same keys, with another one that is the current one from now on. */
  withCurrent(key: EnvelopeKey): KeyRing {
    return new KeyRing([...this.#dataKeys.values(), key], key, this.#digestKey);
  }

  /** HMAC-SHA-256(digest key, purpose 0x00 text), 64 hex characters. No purpose has a NUL in it, so no two meet. */
  mac(purpose: TokenPurpose | "keycheck", text: string): string {
    return createHmac("sha256", this.#digestKey.key).update(`${purpose}\0`).update(text).digest("hex");
  }
}

/**
 * Unwraps every key that is not retired: a key that could not be read later stops the start now.
 *
 * @param known keys that are unwrapped already; they are not asked for again
 * @throws KeywardError `encryption_key_wrong` with the ids of the key and of both key-encryption keys; `store_unusable`
 *   unless there is exactly one current key of each kind; what `KeyEncryption.unwrap` throws besides
 */
export async function unlockKeys(
  rows: readonly KeyRow[],
  deploymentId: string,
  keyEncryption: KeyEncryption,
  known?: KeyRing,
): Promise<KeyRing> {
  const currentData = onlyCurrent(rows, "data");
  const currentDigest = onlyCurrent(rows, "digest");
  const keys = new Map<string, EnvelopeKey>();
  for (const row of rows.filter(({ state }) => state !== "retired")) {
    keys.set(row.id, known?.key(row.id) ?? (await unlockKey(row, deploymentId, keyEncryption)));
  }
  const dataKeys = rows.filter(({ kind }) => kind === "data").flatMap(({ id }) => keys.get(id) ?? []);
  return new KeyRing(dataKeys, unlocked(keys, currentData), unlocked(keys, currentDigest));
}

function onlyCurrent(rows: readonly KeyRow[], kind: KeyRow["kind"]): KeyRow {
  const [current, ...others] = rows.filter((row) => row.kind === kind && row.state === "current");
  if (current === undefined || others.length > 0) {
    const count = current === undefined ? 0 : 1 + others.length;
    throw new KeywardError("store_unusable", {
      message: `The database has ${count} current ${kind} keys instead of one. Restore it from a backup.`,
      details: { keys: rows.map(({ id }) => shownId(id)) },
    });
  }
  return current;
}

/** Unwraps one key. @throws KeywardError as `unlockKeys` */
export async function unlockKey(row: KeyRow, deploymentId: string, keyEncryption: KeyEncryption): Promise<EnvelopeKey> {
  const bytes = await unwrapKey(row, deploymentId, keyEncryption);
  const key: KeyObject = createSecretKey(bytes);
  bytes.fill(0);
  return { id: row.id, key };
}

/**
 * The bytes of one key, by the wrapping that names this key-encryption key. Another one is tried all the same: a command
 * line that was changed has another id and may still open it.
 * @throws KeywardError as `unlockKeys`
 */
export async function unwrapKey(row: KeyRow, deploymentId: string, keyEncryption: KeyEncryption): Promise<Uint8Array> {
  const staged = row.staged ?? null;
  const wrapped = staged?.kekId === keyEncryption.id ? staged.wrapped : row.wrapped;
  let bytes: Uint8Array;
  try {
    bytes = await keyEncryption.unwrap(wrapped, contextOf(row, deploymentId));
  } catch (error) {
    throw isKeywardError(error, "encryption_key_wrong") ? wrongKey(row, keyEncryption.id) : error;
  }
  if (bytes.length !== KEY_BYTES) {
    throw wrongKey(row, keyEncryption.id);
  }
  return bytes;
}

function wrongKey(row: KeyRow, kekId: string): KeywardError {
  const [keyId, ...wrappers] = [row.id, row.kekId, ...(row.staged ? [row.staged.kekId] : [])].map(shownId);
  const wrappedBy = wrappers.join(" and ");
  return new KeywardError("encryption_key_wrong", {
    message: wrappers.includes(kekId)
      ? `The encryption key ${kekId} wrapped the ${row.kind} key ${keyId}, but does not open it now: the stored key is damaged or comes from another deployment.`
      : `The encryption key ${kekId} does not open this database: its ${row.kind} key ${keyId} was wrapped by ${wrappedBy}.`,
    details: { key_id: keyId ?? "", wrapped_by: wrappedBy, kek_id: kekId },
  });
}

function unlocked(keys: ReadonlyMap<string, EnvelopeKey>, { id }: KeyRow): EnvelopeKey {
  const key = keys.get(id);
  if (key === undefined) {
    throw new KeywardError("internal");
  }
  return key;
}
