import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Random } from "../core/ports.ts";
import { type EnvelopeKey, openEnvelope, sealEnvelope } from "./envelope.ts";

const random: Random = { bytes: (length) => randomBytes(length) };
const key: EnvelopeKey = { id: "dk_test", key: createSecretKey(randomBytes(32)) };
const bound = Buffer.from("what it is bound to");

const UNREADABLE = {
  name: "KeywardError",
  code: "credential_unreadable",
  message: "A stored value cannot be opened with the keys at hand.",
  details: undefined,
  cause: undefined,
};

/** Everything that a reader could tell one failure from another by. */
function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    const { name, code, message, details, cause } = error as typeof UNREADABLE;
    return { name, code, message, details, cause };
  }
  return "no failure";
}

function expectUnreadable(envelope: Uint8Array, what: string, opener = key, binding: Uint8Array = bound): void {
  expect(
    failureOf(() => openEnvelope(opener, envelope, binding)),
    what,
  ).toEqual(UNREADABLE);
}

describe("an envelope", () => {
  it("opens to what was sealed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array(), (plaintext, binding) => {
        const opened = openEnvelope(key, sealEnvelope(key, random, plaintext, binding), binding);
        expect(Buffer.from(opened).equals(plaintext)).toBe(true);
      }),
    );
  });

  it("is 0x01, key id, iv, tag and ciphertext of AES-256-GCM (test case 14 of the GCM specification)", () => {
    const zeros: EnvelopeKey = { id: "k1", key: createSecretKey(Buffer.alloc(32)) };
    const envelope = sealEnvelope(
      zeros,
      { bytes: (length) => Buffer.alloc(length) },
      Buffer.alloc(16),
      Buffer.alloc(0),
    );
    expect(Buffer.from(envelope).toString("hex")).toBe(
      [
        "01",
        "026b31",
        "000000000000000000000000",
        "d0d1c8a799996bf0265b98b5d48ab919",
        "cea7403d4d606b6e074ec5d3baf39d18",
      ].join(""),
    );
  });

  it("takes a fresh 96-bit iv for every seal", () => {
    const lengths: number[] = [];
    const counting: Random = {
      bytes: (length) => {
        lengths.push(length);
        return randomBytes(length);
      },
    };
    const [one, other] = [1, 2].map(() => Buffer.from(sealEnvelope(key, counting, Buffer.from("same"), bound)));
    expect(lengths).toEqual([12, 12]);
    expect(one).not.toEqual(other);
  });

  it("opens from a view into a larger buffer", () => {
    const envelope = sealEnvelope(key, random, Buffer.from("value"), bound);
    const larger = Buffer.concat([Buffer.alloc(7), envelope, Buffer.alloc(9)]);
    const view = new Uint8Array(larger.buffer, larger.byteOffset + 7, envelope.length);
    expect(Buffer.from(openEnvelope(key, view, bound)).toString()).toBe("value");
  });
});

describe("an envelope that was touched", () => {
  const envelope = sealEnvelope(key, random, Buffer.alloc(256, "v"), bound);

  it("A21: does not open after the flip of any bit", () => {
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const flipped = Buffer.from(envelope);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expectUnreadable(flipped, `bit ${bit}`);
    }
  });

  it("A21: does not open when cut at any length, from either end", () => {
    for (let length = 0; length < envelope.length; length += 1) {
      expectUnreadable(envelope.subarray(0, length), `the first ${length} bytes`);
      expectUnreadable(envelope.subarray(envelope.length - length), `the last ${length} bytes`);
    }
  });

  it("A21: does not open when anything is put before, behind or into it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: envelope.length }),
        (added, at) => {
          expectUnreadable(Buffer.concat([envelope, added]), "behind");
          expectUnreadable(Buffer.concat([added, envelope]), "before");
          expectUnreadable(Buffer.concat([envelope.subarray(0, at), added, envelope.subarray(at)]), `into, at ${at}`);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("A21: does not open when it is no envelope at all", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => expectUnreadable(bytes, "arbitrary bytes")));
    expectUnreadable(null as unknown as Uint8Array, "null");
  });

  it("A21: does not open with another key, another key id or another binding", () => {
    expectUnreadable(envelope, "another key", { id: key.id, key: createSecretKey(randomBytes(32)) });
    expectUnreadable(envelope, "another id", { id: "dk_tesu", key: key.key });
    expectUnreadable(envelope, "a shorter id", { id: "dk_tes", key: key.key });
    expectUnreadable(envelope, "another binding", key, Buffer.from("what it is bound tO"));
    expectUnreadable(envelope, "no binding", key, Buffer.alloc(0));
  });
});
