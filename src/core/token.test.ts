import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Random } from "./ports.ts";
import { mintId, mintToken, parseToken, type MintedPurpose } from "./token.ts";

const random: Random = { bytes: (length) => randomBytes(length) };
const PURPOSES: readonly MintedPurpose[] = ["virtual_key", "temp_token", "setup_token", "admin_token"];

describe("tokens", () => {
  it("A05: are well-formed for their own purpose and for no other", () => {
    for (const minted of PURPOSES) {
      const text = mintToken(minted, random).secret.reveal();
      for (const asked of PURPOSES) {
        expect(parseToken(asked, text) !== null).toBe(minted === asked);
      }
    }
  });

  it("A07: are refused without a look-up when a character, the length or the checksum is off", () => {
    const text = mintToken("temp_token", random).secret.reveal();
    for (let i = 0; i < text.length; i += 1) {
      const other = text[i] === "A" ? "B" : "A";
      expect(parseToken("temp_token", text.slice(0, i) + other + text.slice(i + 1))).toBeNull();
    }
    expect(parseToken("temp_token", `${text}x`)).toBeNull();
    expect(parseToken("temp_token", text.slice(0, -1))).toBeNull();
    expect(parseToken("temp_token", "")).toBeNull();
    expect(parseToken("temp_token", "k".repeat(1_048_576))).toBeNull();
  });

  it("have the documented form: prefix, 43 base64url characters of 32 random bytes, 6 checksum characters", () => {
    const fixed: Random = { bytes: (length) => new Uint8Array(length).fill(0xff) };
    const text = mintToken("virtual_key", fixed).secret.reveal();
    expect(text).toMatch(/^kw_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/);
    expect(text.slice(3, 46)).toBe(Buffer.alloc(32, 0xff).toString("base64url"));
    const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const checksum = text
      .slice(46)
      .split("")
      .reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
    expect(checksum).toBe(crc32(text.slice(0, 46)));
  });

  it("and ids carry as many random bits as asked, in base64url", () => {
    const bytes = randomBytes(16);
    expect(mintId("srv", { bytes: () => bytes })).toBe(`srv_${bytes.toString("base64url")}`);
  });
});
