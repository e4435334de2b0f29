import { createSecretKey, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeywardError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { generateKey, parseKeyText } from "./key-text.ts";

// 0xfb... makes both `+` and `/` appear.
const BYTES = Buffer.alloc(32, "fbefbeff", "hex");
const TEXT = BYTES.toString("base64");

function refusal(text: string): KeywardError {
  try {
    parseKeyText(new Secret(text), "KEYWARD_ENCRYPTION_KEY");
  } catch (error) {
    if (error instanceof KeywardError) {
      return error;
    }
    throw error;
  }
  throw new Error("the text was accepted");
}

describe("the text of a key", () => {
  it("is the base64 of 32 bytes", () => {
    expect(parseKeyText(new Secret(TEXT), "key").equals(createSecretKey(BYTES))).toBe(true);
  });

  it("is generated from 32 random bytes in the form that is read", () => {
    const asked: number[] = [];
    const text = generateKey({
      bytes: (length) => {
        asked.push(length);
        return Uint8Array.from(BYTES);
      },
    });
    expect(asked).toEqual([32]);
    expect(text).toBe(TEXT);
  });

  it.each([
    ["nothing", "", "has 0 bytes"],
    ["31 bytes", randomBytes(31).toString("base64"), "has 31 bytes"],
    ["33 bytes", randomBytes(33).toString("base64"), "has 33 bytes"],
    ["16 bytes", randomBytes(16).toString("base64"), "has 16 bytes"],
    ["32 bytes in hex", BYTES.toString("hex"), "has 48 bytes"],
    ["a passphrase", "correct horse battery staple", "is not base64 (28 characters); a passphrase is not accepted"],
    ["a passphrase in the alphabet", "correcthorsebatterystaple", "has 18 bytes"],
    ["the URL-safe alphabet", TEXT.replaceAll("+", "-").replaceAll("/", "_"), "is in the URL-safe alphabet"],
    ["no padding", TEXT.slice(0, -1), "not in canonical base64"],
    ["doubled padding", `${TEXT}=`, "not in canonical base64"],
    ["bits left over after the last byte", `${TEXT.slice(0, -2)}9=`, "not in canonical base64"],
    ["padding inside", `${TEXT.slice(0, 20)}=${TEXT.slice(20)}`, "is not base64 (45 characters)"],
    ["a newline", `${TEXT}\n`, "is not base64 (45 characters)"],
    ["quotes", `"${TEXT}"`, "is not base64 (46 characters)"],
  ])("is refused with a reason and without the text: %s", (_, text, reason) => {
    const error = refusal(text);
    expect(error.code).toBe("encryption_key_invalid");
    expect(error.message).toContain(
      `KEYWARD_ENCRYPTION_KEY ${reason.startsWith("not") ? "has 32 bytes, but " : ""}${reason}`,
    );
    expect(error.message).toContain("keyward vault generate-key");
    if (text !== "") {
      expect(JSON.stringify([error.message, error.details, error.cause, error.stack])).not.toContain(text);
    }
  });
});
