import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../core/identity.ts";
import type { Random, Vault } from "../../core/ports.ts";
import { mintSealedText } from "../../core/sealed-text.ts";
import { createSessionIds, MAX_SESSION_AGE_MS } from "./session-id.ts";

const ALICE: Identity = { mode: "user", id: "alice" };
const BOB: Identity = { mode: "user", id: "bob" };
const CLAIMS = {
  scope: "/mcp",
  protocolVersion: "2025-11-25",
  capabilities: { elicitation: { url: {} } },
  clientInfo: { name: "client", version: "1.0" },
};
const random: Random = { bytes: (length) => randomBytes(length) };

/** Two replicas, or one before and after a restart, share the key and nothing else. */
function setUp(mac = (text: string, key: Buffer) => createHmac("sha256", key).update(text).digest("hex")) {
  const key = randomBytes(32);
  const time = { now: 1_785_000_000_000 };
  const count = { digests: 0 };
  const vault: Pick<Vault, "digest"> = {
    digest(purpose, token) {
      count.digests += 1;
      return mac(`${purpose}\0${token.reveal()}`, key);
    },
  };
  const replica = () => createSessionIds({ vault, clock: { now: () => time.now, schedule: () => () => {} }, random });
  return { ids: replica(), replica, vault, time, count };
}

describe("a session id", () => {
  it("says to its own identity what initialize settled, here and on another replica", () => {
    const { ids, replica } = setUp();
    const { header, facts } = ids.issue(ALICE, CLAIMS);
    expect(facts).toEqual({ ...CLAIMS, id: expect.stringMatching(/^ses_.{22}$/), createdAt: 1_785_000_000_000 });
    expect(ids.read(ALICE, "/mcp", header)).toEqual(facts);
    const other = replica();
    expect(other.read(ALICE, "/mcp", header)).toEqual(facts);
    expect(other.read(ALICE, "/mcp", header)).toEqual(facts);
  });

  it("is another one each time, and visible ASCII whatever the client calls itself", () => {
    const { ids, replica } = setUp();
    const clientInfo = { name: `名前\u202e\n${"x".repeat(1_000)}`, version: 7 };
    const { header, facts } = ids.issue(ALICE, { ...CLAIMS, clientInfo });
    expect(header).toMatch(/^[\x21-\x7e]{1,8192}$/);
    expect(facts.clientInfo).toEqual({ name: `名前${"x".repeat(62)}`, version: null });
    expect(replica().read(ALICE, "/mcp", header)).toEqual(facts);
    expect(ids.issue(ALICE, CLAIMS).facts.id).not.toBe(facts.id);
    expect(ids.issue(ALICE, { ...CLAIMS, clientInfo: undefined }).facts.clientInfo).toEqual({
      name: null,
      version: null,
    });
  });

  it.each([true, false])("A42: of somebody else or of another endpoint is unknown (seen before: %s)", (isSeen) => {
    const { ids, replica } = setUp();
    const { header } = ids.issue(ALICE, CLAIMS);
    const reader = isSeen ? ids : replica();
    const strangers: readonly Identity[] = [
      BOB,
      { mode: "virtual_key", id: "alice" },
      { mode: "session", id: "alice" },
    ];
    for (const stranger of strangers) {
      expect(reader.read(stranger, "/mcp", header)).toBeNull();
    }
    for (const scope of ["srv_one", "", "/mcp/"]) {
      expect(reader.read(ALICE, scope, header)).toBeNull();
    }
    expect(reader.read(ALICE, "/mcp", header), "a stranger's try has spoilt it").not.toBeNull();
  });

  it("A42: that is tampered with, made up or of another deployment is unknown", () => {
    const { ids, vault } = setUp();
    const { header } = ids.issue(ALICE, CLAIMS);
    for (let i = 0; i < header.length; i += 1) {
      const changed = header.slice(0, i) + (header[i] === "a" ? "b" : "a") + header.slice(i + 1);
      expect(ids.read(ALICE, "/mcp", changed)).toBeNull();
    }
    for (const made of ["", "1", randomBytes(16).toString("hex"), header.slice(0, -1), `${header}a`]) {
      expect(ids.read(ALICE, "/mcp", made)).toBeNull();
    }
    expect(ids.read(ALICE, "/mcp", setUp().ids.issue(ALICE, CLAIMS).header)).toBeNull();
    expect(ids.read(ALICE, "/mcp", mintSealedText("mcp_session", { facts: {} }, vault))).toBeNull();
  });

  it("A05: is no request state, and a request state no session id", () => {
    const { ids, vault } = setUp();
    expect(ids.read(ALICE, "/mcp", mintSealedText("request_state", { owner: "x", facts: {} }, vault))).toBeNull();
  });

  it("A42: is unknown after 24 hours, whether or not it was in use", () => {
    const { ids, replica, time } = setUp();
    const { header } = ids.issue(ALICE, CLAIMS);
    time.now += MAX_SESSION_AGE_MS;
    expect(ids.read(ALICE, "/mcp", header)).not.toBeNull();
    time.now += 1;
    expect(ids.read(ALICE, "/mcp", header)).toBeNull();
    expect(replica().read(ALICE, "/mcp", header)).toBeNull();
  });

  it("says nothing of whose it is to who reads it", () => {
    const { header } = setUp().ids.issue({ mode: "session", id: "canary-of-a-session-identity-12345" }, CLAIMS);
    const body = header.slice(4, header.indexOf("."));
    expect(Buffer.from(body, "base64url").toString()).not.toContain("canary");
  });

  it("is verified once, and read without a digest from then on", () => {
    const { ids, replica, count } = setUp();
    const { header } = ids.issue(ALICE, CLAIMS);
    const reader = replica();
    reader.read(ALICE, "/mcp", header);
    count.digests = 0;
    for (let i = 0; i < 1_000; i += 1) reader.read(ALICE, "/mcp", header);
    expect(count.digests).toBe(0);
  });

  it("carries capabilities up to 4 KiB, and none that are longer", () => {
    const { ids, replica } = setUp();
    const fits = { experimental: { x: "x".repeat(4_000) } };
    const long = ids.issue(ALICE, { ...CLAIMS, capabilities: fits });
    expect(long.header.length).toBeLessThan(8_192);
    expect(replica().read(ALICE, "/mcp", long.header)?.capabilities).toEqual(fits);
    expect(ids.read(ALICE, "/mcp", long.header)?.capabilities).toEqual(fits);
    const tooLong = { experimental: { x: "ü".repeat(2_100) } };
    expect(ids.issue(ALICE, { ...CLAIMS, capabilities: tooLong }).facts.capabilities).toEqual({});
  });

  it("A44: is remembered for a bounded number of sessions; others are verified anew and work as before", () => {
    // Ten thousand of them, so with a digest that costs nothing.
    const { ids, count } = setUp(() => "0".repeat(64));
    const first = ids.issue(ALICE, CLAIMS).header;
    const used = ids.issue(ALICE, CLAIMS).header;
    for (let i = 0; i < 10_000; i += 1) {
      ids.issue(BOB, CLAIMS);
      if (i % 4_000 === 0) ids.read(ALICE, "/mcp", used);
    }
    count.digests = 0;
    expect(ids.read(ALICE, "/mcp", used)).not.toBeNull();
    expect(count.digests, "the one in use was forgotten").toBe(0);
    expect(ids.read(ALICE, "/mcp", first)).not.toBeNull();
    expect(count.digests, "nothing was forgotten").toBeGreaterThan(0);
  });
});
