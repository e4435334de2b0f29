import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "./json.ts";
import type { Random, Vault } from "./ports.ts";
import { fingerprint, mintSealedText, openSealedText } from "./sealed-text.ts";
import { mintToken, parseToken, type MintedPurpose, type SealedTextPurpose } from "./token.ts";

const random: Random = { bytes: (length) => randomBytes(length) };

function vaultWith(key: Uint8Array): Pick<Vault, "digest"> {
  return {
    digest: (purpose, token) => createHmac("sha256", key).update(`${purpose}\0`).update(token.reveal()).digest("hex"),
  };
}

const vault = vaultWith(randomBytes(32));
const PURPOSES: readonly SealedTextPurpose[] = ["mcp_session", "request_state"];
const PAYLOAD: JsonObject = {
  who: "user:alice",
  list: [1, "zwei", null, { ü: "漢字 \u0000 😀" }],
  at: 1_785_000_000_000,
};

describe("sealed text", () => {
  it("gives back what was put in, and is visible ASCII", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: "grapheme", maxLength: 20 }), fc.jsonValue({ maxDepth: 3 })),
        (payload) => {
          const json = JSON.parse(JSON.stringify(payload)) as JsonObject;
          const text = mintSealedText("mcp_session", json, vault);
          expect(text).toMatch(/^[\x21-\x7e]{1,8192}$/);
          expect(openSealedText("mcp_session", text, vault)).toEqual(json);
        },
      ),
    );
    expect(openSealedText("request_state", mintSealedText("request_state", PAYLOAD, vault), vault)).toEqual(PAYLOAD);
  });

  it("A05: of one purpose is nothing for the other, with its own prefix or with the other's", () => {
    for (const minted of PURPOSES) {
      const text = mintSealedText(minted, PAYLOAD, vault);
      for (const asked of PURPOSES.filter((purpose) => purpose !== minted)) {
        const prefix = mintSealedText(asked, {}, vault).slice(0, 4);
        expect(openSealedText(asked, text, vault)).toBeNull();
        expect(openSealedText(asked, prefix + text.slice(4), vault)).toBeNull();
      }
    }
  });

  it("A05: is no key, link or other token, and no token is sealed text", () => {
    const tokens: readonly MintedPurpose[] = ["virtual_key", "temp_token", "setup_token", "admin_token"];
    for (const purpose of PURPOSES) {
      const text = mintSealedText(purpose, PAYLOAD, vault);
      for (const token of tokens) {
        expect(parseToken(token, text)).toBeNull();
        expect(openSealedText(purpose, mintToken(token, random).secret.reveal(), vault)).toBeNull();
      }
    }
  });

  it("A49: with any one character changed, added or left out is nothing", () => {
    const text = mintSealedText("request_state", { who: "alice", round: 1 }, vault);
    for (let i = 0; i < text.length; i += 1) {
      const other = text[i] === "a" ? "b" : "a";
      for (const changed of [other + text.slice(i + 1), text.slice(i + 1), `${other}${text.slice(i)}`]) {
        expect(openSealedText("request_state", text.slice(0, i) + changed, vault)).toBeNull();
      }
    }
    expect(openSealedText("request_state", `${text}\n`, vault)).toBeNull();
    expect(openSealedText("request_state", text.toUpperCase(), vault)).toBeNull();
  });

  it("A49: cannot be made without the key", () => {
    const forged = mintSealedText("request_state", PAYLOAD, vaultWith(randomBytes(32)));
    expect(openSealedText("request_state", forged, vault)).toBeNull();
  });

  it("A49: is not made by digesting a text that the client chose", () => {
    const target = mintSealedText("request_state", PAYLOAD, vaultWith(randomBytes(32)));
    const chosen = target.slice(0, target.indexOf("."));
    for (const label of ["identity", "request"] as const) {
      const mac = fingerprint("request_state", label, chosen, vault);
      expect(openSealedText("request_state", `${chosen}.${mac}`, vault)).toBeNull();
    }
    expect(fingerprint("request_state", "identity", "a", vault)).not.toBe(
      fingerprint("request_state", "request", "a", vault),
    );
  });

  it.each(["", "kwr_", "kwr_.", "kwr_e30", "kwr_e30.", `kwr_.${"0".repeat(64)}`, `kwr_e30.${"0".repeat(64)}`])(
    "A49: that was never minted is nothing: %j",
    (text) => {
      expect(openSealedText("request_state", text, vault)).toBeNull();
    },
  );

  it("longer than 8 KiB is neither minted nor looked at", () => {
    expect(() => mintSealedText("mcp_session", { long: "x".repeat(8_192) }, vault)).toThrow(
      expect.objectContaining({ code: "internal" }),
    );
    let digested = 0;
    const counting: Pick<Vault, "digest"> = {
      digest() {
        digested += 1;
        return "0".repeat(64);
      },
    };
    expect(openSealedText("mcp_session", `kwm_${"A".repeat(8_192)}.${"0".repeat(64)}`, counting)).toBeNull();
    expect(openSealedText("mcp_session", `kwr_e30.${"0".repeat(64)}`, counting)).toBeNull();
    expect(digested).toBe(0);
  });
});
