import { expect, it } from "vitest";
import { createCompletions } from "../../core/completions.ts";
import type { AuthRequired } from "../../core/auth-required.ts";
import type { Identity } from "../../core/identity.ts";
import { LiveSession } from "../session/live-session.ts";
import type { SessionFacts } from "../session/session-id.ts";
import type { EventStream } from "../stream/event-stream.ts";
import { createReplays } from "../stream/replay.ts";
import { createElicitations } from "./elicitations.ts";

const ALICE: Identity = { mode: "user", id: "alice" };
const CLOCK = { now: () => 1_785_000_000_000, schedule: () => () => {} };
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

const NOTES: AuthRequired = {
  kind: "headers",
  server: "notes",
  serverId: "srv_notes",
  flowId: "flow_1",
  displayNames: [],
  reason: "missing",
  url: "https://keyward.example/connect/flow_1",
  expiresAt: CLOCK.now() + 1,
  requiredFields: [],
};

const STREAM: EventStream = {
  isOpen: true,
  signal: new AbortController().signal,
  closed: new Promise(() => {}),
  send: () => Promise.resolve(),
  hint() {},
  comment() {},
  end() {},
};

function factsOf(id: string): SessionFacts {
  return {
    id,
    scope: "/mcp",
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: null, version: null },
    createdAt: CLOCK.now(),
  };
}

it("P16: of however many sessions that wait for one key, the last 20 are remembered and told", () => {
  const completions = createCompletions({ logger: SILENT });
  const told: string[] = [];
  const elicitations = createElicitations({
    completions,
    sessions: {
      of(facts) {
        const session = new LiveSession(facts, "user:alice", createReplays(CLOCK)());
        session.attach(null, () => STREAM);
        return session;
      },
      send(id) {
        told.push(id);
        return true;
      },
    },
  });
  const ids = Array.from({ length: 1_000 }, (_, index) => `ses_${index}`);
  for (const id of ids) {
    expect(elicitations.expect(factsOf(id), ALICE, [NOTES])).toBe(true);
  }
  completions.announce({ identity: ALICE, serverId: NOTES.serverId });
  expect(told).toEqual(ids.slice(-20));
  completions.announce({ identity: ALICE, serverId: NOTES.serverId });
  expect(told).toHaveLength(20);
});
