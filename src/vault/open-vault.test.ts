import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeywardError } from "../core/errors.ts";
import type { LogFields, Logger, Random, Sealed } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import type { KeyStore, NewKey, WrappedKey } from "../core/key-port.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";
import { LocalKeyEncryption } from "./kms/local.ts";
import { openVault, readVaultStatus, type VaultOptions } from "./open-vault.ts";

const random: Random = { bytes: (length) => randomBytes(length) };

/** What lies in the database. `writes` counts calls, won or not. */
interface Database {
  readonly deploymentId: string;
  readonly keys: readonly WrappedKey[];
  readonly keycheck: Sealed | null;
  readonly hasSealedRows: boolean;
}

class MemoryKeyStore implements KeyStore {
  database: Database = { deploymentId: "dep_one", keys: [], keycheck: null, hasSealedRows: false };
  writes = 0;
  /** Runs before each call: there another process may do something. */
  before: () => Promise<void> = async () => {};

  async deploymentId(): Promise<string> {
    await this.before();
    return this.database.deploymentId;
  }

  async listKeys(): Promise<readonly WrappedKey[]> {
    await this.before();
    return this.database.keys;
  }

  async readKeycheck(): Promise<Sealed | null> {
    await this.before();
    return this.database.keycheck;
  }

  async hasSealedRows(): Promise<boolean> {
    await this.before();
    return this.database.hasSealedRows;
  }

  async installKeys(keys: readonly NewKey[], keycheck: Sealed): Promise<boolean> {
    await this.before();
    this.writes += 1;
    if (this.database.keys.length > 0) {
      return false;
    }
    this.database = {
      ...this.database,
      keys: keys.map((key) => ({ ...key, createdAt: 1, seals: 0, staged: null })),
      keycheck,
    };
    return true;
  }
}

type LogLine = [event: string, fields: LogFields | undefined];

function setUp(keyEncryption: KeyEncryption = kekOf(randomBytes(32)), keyStore = new MemoryKeyStore()) {
  const lines: LogLine[] = [];
  const note = (event: string, fields?: LogFields): void => {
    lines.push([event, fields]);
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const options: VaultOptions = { keyStore, keyEncryption, random, logger };
  return { options, keyStore, keyEncryption, lines };
}

function kekOf(bytes: Uint8Array): LocalKeyEncryption {
  return new LocalKeyEncryption(createSecretKey(bytes), random);
}

const context = { purpose: "header_credential", fields: ["cred_1", "srv_1"] } as const;
const token = new Secret("kw_token");
const plaintext = Buffer.from("sk-canary-value");

/** A database after its first start, with one sealed row. */
async function installed() {
  const setting = setUp();
  const vault = await openVault(setting.options);
  const sealed = vault.seal(plaintext, context);
  setting.keyStore.database = { ...setting.keyStore.database, hasSealedRows: true };
  return { ...setting, vault, sealed };
}

function edit(keyStore: MemoryKeyStore, change: (database: Database) => Partial<Database>): void {
  keyStore.database = { ...keyStore.database, ...change(keyStore.database) };
}

function flipped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte));
}

/** Both ways in refuse alike, and the database is what it was. */
async function refusalOf(options: VaultOptions, keyStore: MemoryKeyStore): Promise<KeywardError> {
  const before = JSON.stringify(keyStore.database);
  const writes = keyStore.writes;
  const opened = await openVault(options).catch((error: unknown) => error);
  const status = await readVaultStatus(options).catch((error: unknown) => error);
  expect(opened).toBeInstanceOf(KeywardError);
  expect(status).toEqual(opened);
  expect(JSON.stringify(keyStore.database)).toBe(before);
  expect(keyStore.writes).toBe(writes);
  return opened as KeywardError;
}

describe("the first start", () => {
  it("makes one data key, one digest key and the keycheck in one write", async () => {
    const { options, keyStore, keyEncryption, lines } = setUp();
    const vault = await openVault(options);
    const [data, digest] = keyStore.database.keys;
    expect(keyStore.writes).toBe(1);
    const fresh = { state: "current", kekId: keyEncryption.id, stagedKekId: null, createdAt: 1, seals: 0 };
    expect(await readVaultStatus(options)).toEqual({
      kekId: keyEncryption.id,
      keys: [
        { id: data?.id, kind: "data", ...fresh },
        { id: digest?.id, kind: "digest", ...fresh },
      ],
      keycheck: "ok",
    });
    expect(vault.currentKeyId()).toBe(data?.id);
    expect(data?.id).toMatch(/^dk_[A-Za-z0-9_-]{22}$/);
    expect(digest?.id).toMatch(/^dgk_[A-Za-z0-9_-]{22}$/);
    expect(keyStore.database.keycheck?.keyId).toBe(data?.id);
    expect(lines).toEqual([
      ["vault_keys_installed", { kek_id: keyEncryption.id, data_key_id: data?.id, digest_key_id: digest?.id }],
    ]);
  });

  it("A24: leaves no key in the clear in the database", async () => {
    const drawn: Buffer[] = [];
    const { options, keyStore } = setUp();
    const noting: Random = {
      bytes: (length) => {
        const bytes = randomBytes(length);
        drawn.push(Buffer.from(bytes));
        return bytes;
      },
    };
    await openVault({ ...options, random: noting });
    const secrets = drawn.filter(({ length }) => length === 32);
    const stored = [...keyStore.database.keys.map(({ wrapped }) => wrapped), keyStore.database.keycheck?.envelope];
    expect(secrets).toHaveLength(2);
    for (const bytes of stored) {
      expect(secrets.some((secret) => Buffer.from(bytes ?? []).includes(secret))).toBe(false);
    }
  });

  it("is not made by asking for the status", async () => {
    const { options, keyStore, keyEncryption } = setUp();
    expect(await readVaultStatus(options)).toEqual({ kekId: keyEncryption.id, keys: [], keycheck: "none" });
    expect(keyStore.writes).toBe(0);
  });

  it("ends with the same keys in every process, however many start at once", async () => {
    const { options, keyStore, lines } = setUp();
    keyStore.before = () => new Promise((resolve) => setImmediate(resolve));
    const vaults = await Promise.all(Array.from({ length: 10 }, () => openVault(options)));
    expect(keyStore.writes).toBe(10);
    expect(lines).toHaveLength(1);
    expect(keyStore.database.keys).toHaveLength(2);
    const sealed = vaults.map((vault) => vault.seal(plaintext, context));
    for (const vault of vaults) {
      expect(vault.digest("virtual_key", token)).toBe(vaults[0]?.digest("virtual_key", token));
      for (const one of sealed) {
        expect(Buffer.from(await vault.open(one, context))).toEqual(plaintext);
      }
    }
  });

  it("survives another process that starts and seals between any two of its steps", async () => {
    let isBeyondTheLastStep = false;
    for (let step = 1; !isBeyondTheLastStep; step += 1) {
      const { options, keyStore } = setUp();
      const other: { sealed?: Sealed; digest?: string } = {};
      let calls = 0;
      keyStore.before = async () => {
        calls += 1;
        if (calls === step) {
          const vault = await openVault(options);
          other.sealed = vault.seal(plaintext, context);
          other.digest = vault.digest("virtual_key", token);
          edit(keyStore, () => ({ hasSealedRows: true }));
        }
      };
      const vault = await openVault(options);
      isBeyondTheLastStep = other.sealed === undefined;
      if (other.sealed !== undefined) {
        expect(Buffer.from(await vault.open(other.sealed, context)), `step ${step}`).toEqual(plaintext);
        expect(vault.digest("virtual_key", token), `step ${step}`).toBe(other.digest);
      }
    }
  });

  it("A24: a racer with another key-encryption key is refused when it lost", async () => {
    const { options, keyStore } = setUp();
    const late = setUp(kekOf(randomBytes(32)), keyStore);
    let calls = 0;
    keyStore.before = async () => {
      calls += 1;
      // The last step of the late one: its `installKeys`.
      if (calls === 5) {
        await openVault(options);
      }
    };
    await expect(openVault(late.options)).rejects.toThrow(expect.objectContaining({ code: "encryption_key_wrong" }));
    keyStore.before = async () => {};
    await openVault(options);
  });

  it("A65: writes nothing when the key encryption gives keys back unencrypted", async () => {
    const { options, keyStore } = setUp({
      id: "kek_cat",
      wrap: async (key) => Buffer.concat([Buffer.alloc(3), key, Buffer.alloc(3)]),
      unwrap: async (wrapped) => Uint8Array.from(wrapped.subarray(3, -3)),
    });
    await expect(openVault(options)).rejects.toThrow(
      expect.objectContaining({
        code: "encryption_key_invalid",
        message: expect.stringContaining("kek_cat gives a key back"),
      }),
    );
    expect(keyStore.writes).toBe(0);
  });

  it.each([
    ["another key", () => randomBytes(32)],
    ["a shorter key", () => randomBytes(31)],
    ["nothing", () => new Uint8Array(0)],
  ])("A65: writes nothing when the key encryption unwraps to %s", async (_, lie) => {
    const { options, keyStore } = setUp({
      id: "kek_lies",
      wrap: async () => randomBytes(61),
      unwrap: async () => lie(),
    });
    await expect(openVault(options)).rejects.toThrow(
      expect.objectContaining({
        code: "encryption_key_invalid",
        message: expect.stringContaining("kek_lies does not unwrap what it has wrapped"),
      }),
    );
    expect(keyStore.writes).toBe(0);
  });

  it("A65: writes nothing while the key encryption cannot be asked, and starts when it can", async () => {
    const kek = kekOf(randomBytes(32));
    let isDown = true;
    const { options, keyStore } = setUp({
      id: kek.id,
      wrap: (key, keyContext) => kek.wrap(key, keyContext),
      unwrap: async (wrapped, keyContext) => {
        if (isDown) {
          throw new KeywardError("credential_store_unavailable");
        }
        return kek.unwrap(wrapped, keyContext);
      },
    });
    await expect(openVault(options)).rejects.toThrow(
      expect.objectContaining({ code: "credential_store_unavailable", isRetryable: true }),
    );
    expect(keyStore.writes).toBe(0);
    isDown = false;
    await openVault(options);
    expect(keyStore.writes).toBe(1);
  });
});

describe("a later start", () => {
  it("A71: opens what an earlier one sealed, writes nothing and logs nothing", async () => {
    const { options, keyStore, vault, sealed, lines } = await installed();
    lines.length = 0;
    const again = await openVault(options);
    expect(Buffer.from(await again.open(sealed, context))).toEqual(plaintext);
    expect(again.digest("virtual_key", token)).toBe(vault.digest("virtual_key", token));
    expect(again.currentKeyId()).toBe(vault.currentKeyId());
    expect(await readVaultStatus(options)).toMatchObject({ kekId: options.keyEncryption.id, keycheck: "ok" });
    expect(keyStore.writes).toBe(1);
    expect(lines).toEqual([]);
  });

  it("A24: is refused with a wrong key-encryption key, which is named with the data key, and writes nothing", async () => {
    const { keyStore, keyEncryption } = await installed();
    const wrong = setUp(kekOf(randomBytes(32)), keyStore);
    const keyId = keyStore.database.keys[0]?.id;
    expect(await refusalOf(wrong.options, keyStore)).toMatchObject({
      code: "encryption_key_wrong",
      message: `The encryption key ${wrong.keyEncryption.id} does not open this database: its data key ${keyId} was wrapped by ${keyEncryption.id}.`,
      details: { key_id: keyId, wrapped_by: keyEncryption.id, kek_id: wrong.keyEncryption.id },
    });
  });

  it("A22: is refused in another deployment with the same key-encryption key", async () => {
    const { options, keyStore } = await installed();
    edit(keyStore, () => ({ deploymentId: "dep_two" }));
    expect(await refusalOf(options, keyStore)).toMatchObject({ code: "encryption_key_wrong" });
  });

  it.each([
    ["the data key", 0],
    ["the digest key", 1],
  ])("A24: is refused when %s is damaged", async (_, damagedIndex) => {
    const { options, keyStore } = await installed();
    edit(keyStore, ({ keys }) => ({
      keys: keys.map((key, index) => (index === damagedIndex ? { ...key, wrapped: flipped(key.wrapped) } : key)),
    }));
    expect(await refusalOf(options, keyStore)).toMatchObject({
      code: "encryption_key_wrong",
      message: expect.stringContaining(`${keyStore.database.keys[damagedIndex]?.id}, but does not open it now`),
    });
  });

  it("A24: is refused when a key was put in the place of one of another kind", async () => {
    const { options, keyStore } = await installed();
    edit(keyStore, ({ keys }) => ({
      keys: keys.map((key) => ({ ...key, kind: key.kind === "data" ? "digest" : "data" }) as const),
    }));
    expect(await refusalOf(options, keyStore)).toMatchObject({ code: "encryption_key_wrong" });
  });

  it("A24: is refused when the keycheck was sealed under other keys", async () => {
    const { options, keyStore, keyEncryption } = await installed();
    const other = await installed();
    const keyId = keyStore.database.keycheck?.keyId ?? "";
    for (const envelope of [other.sealed.envelope, flipped(keyStore.database.keycheck?.envelope ?? new Uint8Array())]) {
      edit(keyStore, () => ({ keycheck: { keyId, envelope } }));
      expect(await refusalOf(options, keyStore)).toMatchObject({
        code: "encryption_key_wrong",
        details: { key_id: keyId, kek_id: keyEncryption.id },
      });
    }
    edit(keyStore, () => ({ keycheck: { ...other.sealed, keyId: "dk_unknown" } }));
    expect(await refusalOf(options, keyStore)).toMatchObject({ code: "encryption_key_wrong" });
  });

  it.each(["data", "digest"])("A65: is refused when the key encryption answers with another %s key", async (kind) => {
    const { options, keyStore, keyEncryption } = await installed();
    const lying: KeyEncryption = {
      id: keyEncryption.id,
      wrap: (key, keyContext) => keyEncryption.wrap(key, keyContext),
      unwrap: async (wrapped, keyContext) =>
        keyContext.purpose === `${kind}_key` ? randomBytes(32) : keyEncryption.unwrap(wrapped, keyContext),
    };
    expect(await refusalOf({ ...options, keyEncryption: lying }, keyStore)).toMatchObject({
      code: "encryption_key_wrong",
      message: expect.stringContaining("keycheck"),
    });
  });

  it.each([31, 33, 0])("A65: is refused when the key encryption answers with %d bytes", async (length) => {
    const { options, keyStore, keyEncryption } = await installed();
    const lying: KeyEncryption = {
      id: keyEncryption.id,
      wrap: async (key) => key,
      unwrap: async () => randomBytes(length),
    };
    expect(await refusalOf({ ...options, keyEncryption: lying }, keyStore)).toMatchObject({
      code: "encryption_key_wrong",
      message: expect.stringContaining(`${keyStore.database.keys[0]?.id}, but does not open it now`),
    });
  });

  it("A24: is refused when the keycheck is gone, with the ids of the keys", async () => {
    const { options, keyStore } = await installed();
    edit(keyStore, () => ({ keycheck: null }));
    const ids = keyStore.database.keys.map(({ id }) => id).join(", ");
    const refused = {
      code: "store_unusable",
      message: expect.stringContaining(`has the keys ${ids}, but no keycheck`),
    };
    expect(await refusalOf(options, keyStore)).toMatchObject(refused);
    edit(keyStore, () => ({ hasSealedRows: false }));
    expect(await refusalOf(options, keyStore)).toMatchObject(refused);
  });

  it("A24: is refused when the keys are gone: new ones would bury what is sealed", async () => {
    const { options, keyStore } = await installed();
    const keyId = keyStore.database.keycheck?.keyId;
    edit(keyStore, () => ({ keys: [] }));
    expect(await refusalOf(options, keyStore)).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining(`has a keycheck under the data key ${keyId}, but no keys`),
    });
    edit(keyStore, () => ({ keycheck: null }));
    expect(await refusalOf(options, keyStore)).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("has sealed values, but neither keys nor a keycheck"),
    });
  });

  it.each([
    ["no current data key", 0, "readable", "has 0 current data keys"],
    ["no current digest key", 1, "retired", "has 0 current digest keys"],
  ] as const)("is refused with %s", async (_, changedIndex, state, message) => {
    const { options, keyStore } = await installed();
    edit(keyStore, ({ keys }) => ({
      keys: keys.map((key, index) => (index === changedIndex ? { ...key, state } : key)),
    }));
    expect(await refusalOf(options, keyStore)).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining(message),
    });
  });

  it("is refused with two current data keys", async () => {
    const { options, keyStore } = await installed();
    edit(keyStore, ({ keys }) => ({
      keys: keys.flatMap((key) => (key.kind === "data" ? [key, { ...key, id: "dk_two" }] : key)),
    }));
    expect(await refusalOf(options, keyStore)).toMatchObject({
      code: "store_unusable",
      message: expect.stringContaining("has 2 current data keys"),
    });
  });

  it("opens values under readable keys, not those under retired ones, which it never unwraps", async () => {
    const { options, keyStore, keyEncryption, sealed } = await installed();
    const successor = await keyEncryption.wrap(randomBytes(32), {
      purpose: "data_key",
      deploymentId: "dep_one",
      keyId: "dk_two",
    });
    const newKey = {
      id: "dk_two",
      kind: "data",
      wrapped: successor,
      kekId: keyEncryption.id,
      state: "current",
      createdAt: 2,
      seals: 0,
      staged: null,
    } as const;
    const [data, digest] = keyStore.database.keys;
    if (data === undefined || digest === undefined) {
      throw new Error("the first start made no keys");
    }
    edit(keyStore, () => ({ keys: [{ ...data, state: "readable" }, newKey, digest] }));
    const rotated = await openVault(options);
    expect(rotated.seal(plaintext, context).keyId).toBe("dk_two");
    expect(Buffer.from(await rotated.open(sealed, context))).toEqual(plaintext);

    const retired = { ...data, id: "dk_three", state: "retired", wrapped: new Uint8Array(3) } as const;
    edit(keyStore, ({ keys }) => ({ keys: [...keys, retired] }));
    const vault = await openVault(options);
    const { keys } = await readVaultStatus(options);
    expect(keys.map(({ id, state }) => [id, state])).toContainEqual(["dk_three", "retired"]);
    await expect(vault.open({ ...sealed, keyId: "dk_three" }, context)).rejects.toThrow(
      expect.objectContaining({ code: "credential_unreadable" }),
    );
  });

  it("shows no arbitrary text from the database in its errors", async () => {
    const { options, keyStore } = await installed();
    edit(keyStore, ({ keys }) => ({ keys: keys.map((key) => ({ ...key, id: "sk canary", kekId: "sk\ncanary" })) }));
    const { message, details } = await refusalOf(options, keyStore);
    expect(JSON.stringify([message, details])).not.toMatch(/canary/);
  });

  it("A65: passes on that the key encryption cannot be asked, and starts when it can", async () => {
    const { options, keyStore, keyEncryption } = await installed();
    const down: KeyEncryption = {
      id: keyEncryption.id,
      wrap: (key, keyContext) => keyEncryption.wrap(key, keyContext),
      unwrap: async () => {
        throw new KeywardError("credential_store_unavailable");
      },
    };
    expect(await refusalOf({ ...options, keyEncryption: down }, keyStore)).toMatchObject({
      code: "credential_store_unavailable",
      isRetryable: true,
    });
    await openVault(options);
  });
});

describe("a start whose store fails", () => {
  it.each([
    ["the first", async () => setUp()],
    ["a later", installed],
  ])("at any call of %s start: unavailable, nothing written, and the next try succeeds", async (_, prepare) => {
    let hasFailed = true;
    for (let failingCall = 1; hasFailed; failingCall += 1) {
      const { options, keyStore } = await prepare();
      const before = JSON.stringify(keyStore.database);
      hasFailed = false;
      let calls = 0;
      keyStore.before = async () => {
        calls += 1;
        if (calls === failingCall) {
          hasFailed = true;
          throw new KeywardError("credential_store_unavailable");
        }
      };
      const outcome = await openVault(options).catch((error: unknown) => error);
      if (hasFailed) {
        expect(outcome, `call ${failingCall}`).toMatchObject({ code: "credential_store_unavailable" });
        // Past its one write, a first start is complete: what failed was only to read it back.
        expect(keyStore.writes === 1 || JSON.stringify(keyStore.database) === before).toBe(true);
        keyStore.before = async () => {};
        await openVault(options);
        expect(await readVaultStatus(options)).toMatchObject({ keycheck: "ok" });
      }
    }
  });
});
