import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Random } from "../../core/ports.ts";
import type { KeyContext } from "./key-encryption.ts";
import { LocalKeyEncryption } from "./local.ts";

const random: Random = { bytes: (length) => randomBytes(length) };
const KEK = randomBytes(32);
const kek = new LocalKeyEncryption(createSecretKey(KEK), random);
const key = randomBytes(32);
const context: KeyContext = { purpose: "data_key", deploymentId: "dep_one", keyId: "dk_one" };
const WRONG = expect.objectContaining({ code: "encryption_key_wrong" });

describe("a local key-encryption key", () => {
  it("unwraps what it wrapped, for the same context", async () => {
    expect(Buffer.from(await kek.unwrap(await kek.wrap(key, context), context))).toEqual(key);
  });

  it.each([
    ["purpose", { purpose: "digest_key" }],
    ["deployment", { deploymentId: "dep_two" }],
    ["key id", { keyId: "dk_two" }],
  ] as const)("A22: does not unwrap for another %s", async (_, change) => {
    await expect(kek.unwrap(await kek.wrap(key, context), { ...context, ...change })).rejects.toThrow(WRONG);
  });

  it("A24: does not unwrap what another wrapped, nor what was touched", async () => {
    const wrapped = await kek.wrap(key, context);
    const other = new LocalKeyEncryption(createSecretKey(randomBytes(32)), random);
    await expect(other.unwrap(wrapped, context)).rejects.toThrow(WRONG);
    for (let at = 0; at < wrapped.length; at += 1) {
      const touched = Uint8Array.from(wrapped, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(kek.unwrap(touched, context), `byte ${at}`).rejects.toThrow(WRONG);
    }
  });

  it("has an id that is the same for the same key and shows nothing of it", () => {
    expect(kek.id).toMatch(/^kek_[0-9a-f]{16}$/);
    expect(new LocalKeyEncryption(createSecretKey(KEK), random).id).toBe(kek.id);
    expect(new LocalKeyEncryption(createSecretKey(randomBytes(32)), random).id).not.toBe(kek.id);
    // HMAC-SHA-256(key, "keyward/key-encryption-key-id/v1"), computed with another implementation.
    expect(new LocalKeyEncryption(createSecretKey(Buffer.alloc(32)), random).id).toBe("kek_057d7a8446f66799");
  });

  it("A39: shows its id and nothing else when printed", () => {
    expect(inspect(kek, { depth: 10, showHidden: true })).toBe(`LocalKeyEncryption { id: '${kek.id}' }`);
    expect(JSON.stringify(kek)).toBe(JSON.stringify({ id: kek.id }));
  });
});
