import { createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import type { Vault } from "../../core/ports.ts";
import { mintSealedText } from "../../core/sealed-text.ts";
import { createRequestStates, MAX_ASKED_BINDINGS, REQUEST_STATE_TTL_MS } from "./request-state.ts";

const REQUEST = {
  identity: { mode: "user", id: "alice" },
  method: "tools/call",
  params: { name: "notes-add", arguments: { a: { x: 1, y: [1, 2] }, b: "2" } },
} as const;
const STATE = { bindings: [{ serverId: "srv_one", flowId: "flow_one" }], round: 1 };

function setUp() {
  const key = randomBytes(32);
  const time = { now: 1_785_000_000_000 };
  const vault: Pick<Vault, "digest"> = {
    digest: (purpose, token) => createHmac("sha256", key).update(`${purpose}\0${token.reveal()}`).digest("hex"),
  };
  return {
    states: createRequestStates({ vault, clock: { now: () => time.now, schedule: () => () => {} } }),
    vault,
    time,
  };
}

describe("a request state", () => {
  it("gives back to the retry what was asked for, whatever the order of its members", () => {
    const { states } = setUp();
    const text = states.issue(REQUEST, STATE);
    expect(states.read(REQUEST, text)).toEqual(STATE);
    const retry: JsonObject = {
      _meta: { progressToken: 2 },
      inputResponses: { notes: { action: "accept" } },
      requestState: text,
      arguments: { b: "2", a: { y: [1, 2], x: 1 } },
      name: "notes-add",
    };
    expect(states.read({ ...REQUEST, params: retry }, text)).toEqual(STATE);
  });

  it.each([
    ["another user", { identity: { mode: "user", id: "bob" } }],
    ["the same id of another mode", { identity: { mode: "virtual_key", id: "alice" } }],
    ["another method", { method: "prompts/get" }],
    ["another tool", { params: { ...REQUEST.params, name: "notes-delete" } }],
    ["other arguments", { params: { ...REQUEST.params, arguments: { a: { x: 1, y: [2, 1] }, b: "2" } } }],
    ["no arguments", { params: { name: "notes-add" } }],
    ["an argument more", { params: { ...REQUEST.params, more: null } }],
  ] as const)("A49: is nothing for %s", (_what, other) => {
    const { states } = setUp();
    expect(states.read({ ...REQUEST, ...other }, states.issue(REQUEST, STATE))).toBeNull();
  });

  it("A49: is nothing after 10 minutes", () => {
    const { states, time } = setUp();
    const text = states.issue(REQUEST, STATE);
    time.now += REQUEST_STATE_TTL_MS - 1;
    expect(states.read(REQUEST, text)).toEqual(STATE);
    time.now += 1;
    expect(states.read(REQUEST, text)).toBeNull();
  });

  it("A49: is nothing when it is tampered with, made up, or of another deployment", () => {
    const { states } = setUp();
    const text = states.issue(REQUEST, STATE);
    for (let i = 0; i < text.length; i += 1) {
      const changed = text.slice(0, i) + (text[i] === "a" ? "b" : "a") + text.slice(i + 1);
      expect(states.read(REQUEST, changed)).toBeNull();
    }
    expect(states.read(REQUEST, "")).toBeNull();
    expect(states.read(REQUEST, setUp().states.issue(REQUEST, STATE))).toBeNull();
  });

  it("A05: is no session id, and a session id no state", () => {
    const { states, vault } = setUp();
    expect(states.read(REQUEST, mintSealedText("mcp_session", { owner: "x" }, vault))).toBeNull();
  });

  it("says nothing of the caller or of the arguments to who reads it", () => {
    const text = setUp().states.issue({ ...REQUEST, params: { name: "canary-argument" } }, STATE);
    const body = Buffer.from(text.slice(4, text.indexOf(".")), "base64url").toString();
    expect(body).not.toMatch(/alice|canary/);
  });

  it("holds the first 20 of any number of links", () => {
    const { states } = setUp();
    const bindings = Array.from({ length: 500 }, (_, index) => ({
      serverId: `srv_${String(index).padStart(22, "0")}`,
      flowId: `flow_${String(index).padStart(22, "0")}`,
    }));
    const read = states.read(REQUEST, states.issue(REQUEST, { bindings, round: 3 }));
    expect(read).toEqual({ bindings: bindings.slice(0, MAX_ASKED_BINDINGS), round: 3 });
  });
});

describe("canonical JSON", () => {
  it("is the same for equal values, and another for others", () => {
    const shuffled = (value: JsonValue): JsonValue =>
      Array.isArray(value)
        ? value.map(shuffled)
        : typeof value === "object" && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .toReversed()
                .map(([name, member]) => [name, shuffled(member)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue(), (given) => {
        const value = JSON.parse(JSON.stringify(given)) as JsonValue;
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });
});
