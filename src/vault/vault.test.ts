import { createHmac, createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogFields, Logger, Random, Sealed, SealContext } from "../core/ports.ts";
import { Secret } from "../core/secret.ts";
import type { TokenPurpose } from "../core/token.ts";
import { KeyRing } from "./keyring.ts";
import { KeyringVault } from "./vault.ts";

const random: Random = { bytes: (length) => randomBytes(length) };
const UNREADABLE = expect.objectContaining({
  code: "credential_unreadable",
  message: "A stored value cannot be opened with the keys at hand.",
  details: undefined,
});

const DATA_KEY = randomBytes(32);
const OLD_DATA_KEY = randomBytes(32);
const DIGEST_KEY = randomBytes(32);

function keyOf(id: string, bytes: Uint8Array) {
  return { id, key: createSecretKey(bytes) };
}

const current = keyOf("dk_current", DATA_KEY);
const readable = keyOf("dk_readable", OLD_DATA_KEY);

interface Fixture {
  readonly deploymentId?: string;
  readonly ring?: KeyRing;
  readonly log?: [event: string, fields: LogFields | undefined][];
}

function vaultWith({
  deploymentId = "dep_one",
  ring = new KeyRing([current, readable], current, keyOf("dgk_one", DIGEST_KEY)),
  log = [],
}: Fixture = {}): KeyringVault {
  const note = (event: string, fields?: LogFields): void => {
    log.push([event, fields]);
  };
  const refuse = (): void => {
    throw new Error("only debug lines are expected");
  };
  const logger: Logger = { debug: note, info: refuse, warn: refuse, error: refuse };
  return new KeyringVault({ ring, deploymentId, load: async () => ring, random, logger });
}

const vault = vaultWith();
const plaintext = Buffer.from("sk-canary-value");

/** One row, as the credential store binds it. */
const ROW = {
  credentialId: "cred_1",
  serverId: "srv_1",
  origin: "https://mcp.example.com",
  mode: "user",
  identityId: "alice",
  schemaRevision: "3",
  version: "7",
};

function contextOf(row: typeof ROW): SealContext {
  return { purpose: "header_credential", fields: Object.values(row) };
}

describe("a sealed value", () => {
  it("opens in its own context, at once", async () => {
    const opened = vault.open(vault.seal(plaintext, contextOf(ROW)), contextOf(ROW));
    expect(opened).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(await opened)).toEqual(plaintext);
  });

  it("is sealed under the current key; a readable key still opens what it sealed", async () => {
    const before = vaultWith({ ring: new KeyRing([readable], readable, keyOf("dgk_one", DIGEST_KEY)) });
    const old = before.seal(plaintext, contextOf(ROW));
    expect(old.keyId).toBe("dk_readable");
    expect(vault.seal(plaintext, contextOf(ROW)).keyId).toBe("dk_current");
    expect(Buffer.from(await vault.open(old, contextOf(ROW)))).toEqual(plaintext);
  });

  it.each([
    ["identity", { identityId: "bob" }],
    ["identity kind", { mode: "virtual_key" }],
    ["server", { serverId: "srv_2" }],
    ["credential", { credentialId: "cred_2" }],
    ["origin", { origin: "https://mcp.example.com:8443" }],
    ["schema revision", { schemaRevision: "4" }],
  ])("A22: does not open in a row with another %s", (_, change) => {
    const sealed = vault.seal(plaintext, contextOf(ROW));
    expect(() => vault.open(sealed, contextOf({ ...ROW, ...change }))).toThrow(UNREADABLE);
  });

  it("A23: does not open when put back under a newer version", () => {
    const older = vault.seal(plaintext, contextOf(ROW));
    const newer = vault.seal(Buffer.from("newer"), contextOf({ ...ROW, version: "8" }));
    expect(() => vault.open(older, contextOf({ ...ROW, version: "8" }))).toThrow(UNREADABLE);
    expect(() => vault.open(newer, contextOf(ROW))).toThrow(UNREADABLE);
  });

  it("A22: does not open in another deployment with the same keys", () => {
    const sealed = vault.seal(plaintext, contextOf(ROW));
    expect(() => vaultWith({ deploymentId: "dep_two" }).open(sealed, contextOf(ROW))).toThrow(UNREADABLE);
  });

  it("A22: does not open for another purpose", () => {
    const sealed = vault.seal(plaintext, contextOf(ROW));
    expect(() => vault.open(sealed, { ...contextOf(ROW), purpose: "static_headers" })).toThrow(UNREADABLE);
  });

  it("A22: does not open in any other context", () => {
    const fields = fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(fields, fields, (own, other) => {
        fc.pre(JSON.stringify(own) !== JSON.stringify(other));
        const sealed = vault.seal(plaintext, { purpose: "header_credential", fields: own });
        expect(() => vault.open(sealed, { purpose: "header_credential", fields: other })).toThrow(UNREADABLE);
      }),
    );
  });

  it("A21: does not open when its row names another key than the envelope, even one at hand", () => {
    const sealed = vault.seal(plaintext, contextOf(ROW));
    expect(() => vault.open({ ...sealed, keyId: "dk_readable" }, contextOf(ROW))).toThrow(UNREADABLE);
  });

  it("A21: is not altered by an attempt to open it", async () => {
    const sealed = vault.seal(plaintext, contextOf(ROW));
    const before = Buffer.from(sealed.envelope);
    expect(() => vault.open(sealed, contextOf({ ...ROW, version: "8" }))).toThrow(UNREADABLE);
    expect(Buffer.from(sealed.envelope)).toEqual(before);
    expect(Buffer.from(await vault.open(sealed, contextOf(ROW)))).toEqual(plaintext);
  });
});

describe("a value sealed under a key that is not at hand", () => {
  const sealed: Sealed = { ...vault.seal(plaintext, contextOf(ROW)), keyId: "dk_retired" };

  it("A21: gives the same error as any other, and the key id only in a debug line", async () => {
    const log: Fixture["log"] = [];
    await expect(vaultWith({ log }).open(sealed, contextOf(ROW))).rejects.toThrow(UNREADABLE);
    expect(log).toEqual([["sealed_value_key_unknown", { key_id: "dk_retired" }]]);
  });

  it("does not write an arbitrary text from the database to the log", async () => {
    const log: Fixture["log"] = [];
    const opened = vaultWith({ log }).open({ ...sealed, keyId: "sk-canary\nvalue" }, contextOf(ROW));
    await expect(opened).rejects.toThrow(UNREADABLE);
    expect(log).toEqual([["sealed_value_key_unknown", { key_id: "(malformed id)" }]]);
  });
});

describe("a token's digest", () => {
  const PURPOSES: readonly TokenPurpose[] = [
    "virtual_key",
    "temp_token",
    "setup_token",
    "admin_token",
    "session_identity",
    "mcp_session",
    "request_state",
  ];

  it("is the HMAC-SHA-256 of purpose, NUL and token in hex", () => {
    const expected = createHmac("sha256", DIGEST_KEY).update("virtual_key\0kw_token").digest("hex");
    expect(vault.digest("virtual_key", new Secret("kw_token"))).toBe(expected);
    expect(expected).toMatch(/^[0-9a-f]{64}$/);
  });

  it("A05: of one purpose never equals that of another, whatever the tokens", () => {
    const token = fc.oneof(fc.string(), fc.constantFrom("", "\0", "temp_token", "virtual_key\0kw_x"));
    fc.assert(
      fc.property(token, token, (one, other) => {
        const digests = PURPOSES.flatMap((purpose) => [
          vault.digest(purpose, new Secret(one)),
          vault.digest(purpose, new Secret(other)),
        ]);
        expect(new Set(digests).size).toBe(one === other ? PURPOSES.length : 2 * PURPOSES.length);
      }),
    );
  });

  it("A05: cannot be made without the digest key", () => {
    const ring = new KeyRing([current], current, keyOf("dgk_one", randomBytes(32)));
    const token = new Secret("kw_token");
    expect(vaultWith({ ring }).digest("virtual_key", token)).not.toBe(vault.digest("virtual_key", token));
  });
});

describe("a vault and a key ring", () => {
  const ring = new KeyRing([current, readable], current, keyOf("dgk_one", DIGEST_KEY));

  it.each([
    ["the vault", vault],
    ["the key ring", ring],
    ["a key of the ring", ring.currentKey],
    ["an error with the vault as its cause", new Error("outer", { cause: vault })],
  ])("A39: show no key when printed: %s", (_, printed) => {
    const shown = [
      inspect(printed, { depth: 10, showHidden: true, getters: true }),
      JSON.stringify(printed),
      inspect({ nested: [printed] }, { depth: 10 }),
    ].join("\n");
    for (const key of [DATA_KEY, OLD_DATA_KEY, DIGEST_KEY]) {
      for (const encoding of ["hex", "base64", "base64url", "latin1"] as const) {
        expect(shown).not.toContain(key.toString(encoding));
      }
      expect(shown).not.toContain([...key.subarray(0, 8)].join(", "));
      expect(shown).not.toContain(inspect(key).slice(8, 30));
    }
  });

  it("A39: show nothing at all of what they hold", () => {
    expect(inspect(vault, { depth: 10, showHidden: true })).toBe("KeyringVault {}");
    expect(inspect(ring, { depth: 10 })).toBe("KeyRing {}");
    expect(JSON.stringify({ vault, ring })).toBe('{"vault":{},"ring":{}}');
    expect(structuredClone(vault)).toEqual({});
  });
});
