import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeywardError } from "../core/errors.ts";
import type { LogFields, Logger, SealContext } from "../core/ports.ts";
import type { EnvelopeKey } from "./envelope.ts";
import { KeyRing } from "./keyring.ts";
import { KeyringVault } from "./vault.ts";

/* What a running process makes of a rotation and a retirement that another process has carried out. */

const context: SealContext = { purpose: "header_credential", fields: ["cred_1"] };
const plaintext = Buffer.from("sk-canary-value");
const random = { bytes: (length: number) => randomBytes(length) };

function keyOf(id: string): EnvelopeKey {
  return { id, key: createSecretKey(randomBytes(32)) };
}

const digestKey = keyOf("dgk_one");
const [one, two] = [keyOf("dk_one"), keyOf("dk_two")];
const before = new KeyRing([one], one, digestKey);
const rotated = new KeyRing([one, two], two, digestKey);
const retired = new KeyRing([two], two, digestKey);

/** A process, and what lies in its database. */
function processOn(ring: KeyRing) {
  const database = { ring, looks: 0, answer: async (): Promise<void> => {} };
  const lines: [string, LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields): void => {
    lines.push([event, fields]);
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const load = async (): Promise<KeyRing> => {
    database.looks += 1;
    await database.answer();
    return database.ring;
  };
  return { vault: new KeyringVault({ ring, deploymentId: "dep_one", load, random, logger }), database, lines };
}

const sealedByAnother = processOn(rotated).vault.seal(plaintext, context);

describe("a vault in a process that has not heard of a rotation", () => {
  it("A66: looks at the store when a value is sealed under a key that it does not know, and opens it", async () => {
    const { vault, database, lines } = processOn(before);
    database.ring = rotated;
    expect(Buffer.from(await vault.open(sealedByAnother, context))).toEqual(plaintext);
    expect(vault.seal(plaintext, context).keyId).toBe("dk_two");
    expect(vault.open(sealedByAnother, context)).toBeInstanceOf(Uint8Array);
    expect(database.looks).toBe(1);
    expect(lines).toEqual([["vault_key_rotated", { data_key_id: "dk_two" }]]);
  });

  it("A66: looks once for any number of values that wait", async () => {
    const { vault, database } = processOn(before);
    database.ring = rotated;
    const opened = await Promise.all(Array.from({ length: 20 }, async () => vault.open(sealedByAnother, context)));
    expect(opened.map((bytes) => Buffer.from(bytes).toString())).toEqual(opened.map(() => plaintext.toString()));
    expect(database.looks).toBe(1);
  });

  it("A66: looks for what no key in the store opens, and says that it is unreadable", async () => {
    const { vault } = processOn(before);
    await expect(vault.open(sealedByAnother, context)).rejects.toMatchObject({ code: "credential_unreadable" });
  });

  it.each(["credential_store_unavailable", "encryption_key_wrong", "encryption_key_invalid"] as const)(
    "A65: when the look fails with %s, says that it may be tried again, keeps what it has, and looks again the next time",
    async (code) => {
      const { vault, database, lines } = processOn(before);
      database.ring = rotated;
      database.answer = async () => {
        throw new KeywardError(code);
      };
      const own = vault.seal(plaintext, context);
      await expect(vault.open(sealedByAnother, context)).rejects.toMatchObject({
        code: "credential_store_unavailable",
        isRetryable: true,
      });
      expect(lines).toEqual([["vault_refresh_failed", { code, key_id: "dk_two" }]]);
      expect(Buffer.from(await vault.open(own, context))).toEqual(plaintext);
      expect(vault.currentKeyId()).toBe("dk_one");
      database.answer = async () => {};
      expect(Buffer.from(await vault.open(sealedByAnother, context))).toEqual(plaintext);
    },
  );
});

describe("a vault whose old key was retired", () => {
  it("A66: opens what was read before it was re-sealed until the look after next, and then no more", async () => {
    const { vault, database } = processOn(rotated);
    const old = processOn(before).vault.seal(plaintext, context);
    database.ring = retired;
    await vault.refresh();
    expect(Buffer.from(await vault.open(old, context))).toEqual(plaintext);
    await expect(vault.open({ ...old, keyId: "dk_none" }, context)).rejects.toMatchObject({
      code: "credential_unreadable",
    });
    expect(Buffer.from(await vault.open(old, context))).toEqual(plaintext);
    await vault.refresh();
    await expect(vault.open(old, context)).rejects.toMatchObject({ code: "credential_unreadable" });
  });

  it("keeps everything when a refresh fails", async () => {
    const { vault, database } = processOn(rotated);
    database.answer = async () => {
      throw new KeywardError("credential_store_unavailable");
    };
    await expect(vault.refresh()).rejects.toMatchObject({ code: "credential_store_unavailable" });
    expect(vault.open(sealedByAnother, context)).toBeInstanceOf(Uint8Array);
  });
});

it("seals are counted by key, once", () => {
  const { vault } = processOn(rotated);
  vault.seal(plaintext, context);
  vault.seal(plaintext, context);
  expect([...vault.takeSeals()]).toEqual([["dk_two", 2]]);
  expect([...vault.takeSeals()]).toEqual([]);
});
