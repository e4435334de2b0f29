import { describe, expect, it } from "vitest";
import type { Clock } from "../../core/ports.ts";
import type { Discovered, ProtocolEra } from "../../core/server.ts";
import { serverFor } from "../../../test/upstream/parts.ts";
import { type Connection, MODERN_START } from "./connection.ts";
import { chooseEra, createProfiles, directConnection, type Profile } from "./profile.ts";

const DAY = 86_400_000;
const STATELESS: Connection = { era: "legacy", protocolVersion: "2025-06-18", sessionId: null };
const STATEFUL: Connection = { ...STATELESS, sessionId: "s-1" };

function discovered(era: ProtocolEra, protocolVersion: string, isStateful = false): Discovered {
  return {
    tools: [],
    era,
    protocolVersion,
    isStateful,
    serverInfo: null,
    instructions: null,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    capabilities: {},
    at: 0,
  };
}

function setUp() {
  const time = { now: 1_000 };
  const clock: Clock = { now: () => time.now, schedule: () => () => {} };
  return { time, profiles: createProfiles(clock) };
}

const server = (more: Parameters<typeof serverFor>[1] = {}) => serverFor("http://127.0.0.1:1/mcp", more);

describe("the era that is spoken", () => {
  const legacy = { protocolVersion: "2025-11-25", isStateful: false };
  it.each<[string, Profile, ProtocolEra | null, ReturnType<typeof chooseEra>]>([
    ["nothing known, a legacy client", {}, "legacy", { era: "legacy", isKnown: false }],
    ["nothing known, a modern client", {}, "modern", { era: "modern", isKnown: false }],
    ["nothing known, Keyward itself", {}, null, { era: "modern", isKnown: false }],
    ["both, a legacy client", { legacy, isModern: true }, "legacy", { era: "legacy", isKnown: true }],
    ["both, a modern client", { legacy, isModern: true }, "modern", { era: "modern", isKnown: true }],
    ["both, Keyward itself", { legacy, isModern: true }, null, { era: "modern", isKnown: true }],
    ["legacy only, a modern client", { legacy, isModern: false }, "modern", { era: "legacy", isKnown: true }],
    ["modern only, a legacy client", { legacy: null, isModern: true }, "legacy", { era: "modern", isKnown: true }],
    ["legacy, never asked for modern, a modern client", { legacy }, "modern", { era: "modern", isKnown: false }],
    ["legacy, never asked for modern, Keyward itself", { legacy }, null, { era: "legacy", isKnown: true }],
    [
      "modern, never asked for legacy, a legacy client",
      { isModern: true },
      "legacy",
      { era: "legacy", isKnown: false },
    ],
    ["not modern, legacy not tried", { isModern: false }, "modern", { era: "legacy", isKnown: false }],
    ["not legacy, modern not tried", { legacy: null }, "legacy", { era: "modern", isKnown: false }],
  ])("%s", (_, profile, preferred, choice) => {
    expect(chooseEra(profile, preferred)).toEqual(choice);
  });
});

describe("a connection without a handshake", () => {
  it("is there for a modern server and for a stateless legacy one, and for no other", () => {
    const known = { isKnown: true } as const;
    const profile = (isStateful: boolean): Profile => ({ legacy: { protocolVersion: "2025-06-18", isStateful } });
    expect(directConnection({ isModern: true }, { era: "modern", ...known })).toBe(MODERN_START);
    expect(directConnection(profile(false), { era: "legacy", ...known })).toEqual(STATELESS);
    expect(directConnection(profile(true), { era: "legacy", ...known })).toBeNull();
    expect(directConnection({}, { era: "legacy", ...known })).toBeNull();
    expect(directConnection({ isModern: true }, { era: "modern", isKnown: false })).toBeNull();
  });
});

describe("what is known of a server", () => {
  it("is what its verification found, and nothing of a revision that is not spoken", () => {
    const { profiles } = setUp();
    const of = (era: ProtocolEra, version: string) =>
      profiles.of(server({ discovered: discovered(era, version, true) }));
    expect(profiles.of(server())).toEqual({});
    expect(of("modern", "2026-07-28")).toEqual({ isModern: true });
    expect(of("modern", "2027-01-01")).toEqual({});
    expect(of("legacy", "2025-06-18")).toEqual({
      legacy: { protocolVersion: "2025-06-18", isStateful: true },
      isModern: false,
    });
    expect(of("legacy", "2023-01-01")).toEqual({});
  });

  it("grows with each negotiation, era by era", () => {
    const { profiles } = setUp();
    profiles.learn(server(), MODERN_START, null);
    expect(profiles.of(server())).toEqual({ isModern: true });
    profiles.learn(server(), STATEFUL, null);
    const legacy = { protocolVersion: "2025-06-18", isStateful: true };
    expect(profiles.of(server())).toEqual({ isModern: true, legacy });
    profiles.learn(server(), STATELESS, "modern");
    expect(profiles.of(server())).toEqual({ isModern: false, legacy: { ...legacy, isStateful: false } });
    profiles.learn(server(), MODERN_START, "legacy");
    expect(profiles.of(server())).toEqual({ isModern: true, legacy: null });
    profiles.learn(server(), { ...STATELESS, protocolVersion: null }, "modern");
    expect(profiles.of(server())).toEqual({ isModern: true, legacy: null });
  });

  it("is of that server alone, and of its version: a change begins anew with what was verified", () => {
    const { profiles } = setUp();
    profiles.learn(server(), MODERN_START, null);
    expect(profiles.of(server({ id: "srv_2" }))).toEqual({});
    const changed = server({ version: 2, discovered: discovered("legacy", "2025-11-25") });
    expect(profiles.of(changed)).toMatchObject({ isModern: false });
    profiles.learn(changed, STATEFUL, null);
    expect(profiles.of(server())).toEqual({});
  });

  it("is forgotten after 24 hours, and each negotiation begins them again", () => {
    const { profiles, time } = setUp();
    profiles.learn(server(), MODERN_START, "legacy");
    time.now += DAY - 1;
    expect(profiles.of(server())).toEqual({ isModern: true, legacy: null });
    time.now += 1;
    expect(profiles.of(server())).toEqual({});
    profiles.learn(server(), STATEFUL, null);
    time.now += DAY - 1;
    expect(profiles.of(server())).toEqual({ legacy: { protocolVersion: "2025-06-18", isStateful: true } });
  });
});
