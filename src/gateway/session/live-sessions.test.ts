import { describe, expect, it } from "vitest";
import type { Identity } from "../../core/identity.ts";
import { identityKey } from "../../core/identity.ts";
import type { EventStream } from "../stream/event-stream.ts";
import type { Attachment, LiveSession } from "./live-session.ts";
import { createLiveSessions } from "./live-sessions.ts";
import { MAX_SESSION_AGE_MS, type SessionFacts } from "./session-id.ts";

const ALICE: Identity = { mode: "user", id: "alice" };
const BOB: Identity = { mode: "user", id: "bob" };
const MINUTE = 60_000;

interface StubStream extends EventStream {
  readonly sent: string[];
  readonly attachment: Attachment;
  /** The client goes away. */
  leave(): void;
}

function stubStream(attachment: Attachment): StubStream {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const sent: string[] = [];
  let isOpen = true;
  const leave = (): void => {
    isOpen = false;
    resolve();
  };
  return {
    get isOpen() {
      return isOpen;
    },
    signal: new AbortController().signal,
    closed,
    sent,
    attachment,
    send: (json, options) => Promise.resolve(void sent.push(`${options?.eventId} ${String(json)}`)),
    hint: () => {},
    comment: () => {},
    end: leave,
    leave,
  };
}

function setUp(limits: NonNullable<Parameters<typeof createLiveSessions>[0]["limits"]> = {}) {
  const time = { now: 1_785_000_000_000 };
  const live = createLiveSessions({ clock: { now: () => time.now, schedule: () => () => {} }, limits });
  const factsOf = (id: string): SessionFacts => ({
    id,
    scope: "/mcp",
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: null, version: null },
    createdAt: time.now,
  });
  const of = (id: string, identity = ALICE): LiveSession => live.of(factsOf(id), identity);
  const streams: StubStream[] = [];
  function attach(session: LiveSession, lastEventId: string | null = null): StubStream | null {
    const stream = live.attach(session, lastEventId, (attachment) => {
      streams.push(stubStream(attachment));
      return streams.at(-1)!;
    });
    return stream === null ? null : streams.at(-1)!;
  }
  return { live, of, attach, time };
}

const MESSAGE = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
const JSON_TEXT = JSON.stringify(MESSAGE);

describe("a live session", () => {
  it("is made once, and again when it was idle for more than 30 minutes", () => {
    const { of, time } = setUp();
    const session = of("ses_1");
    time.now += 30 * MINUTE;
    expect(of("ses_1")).toBe(session);
    time.now += 30 * MINUTE + 1;
    expect(of("ses_1")).not.toBe(session);
  });

  it("is not idle while a stream is open or a request is under way", () => {
    const { of, attach, time } = setUp();
    const [listening, working] = [of("ses_1"), of("ses_2")];
    const stream = attach(listening);
    const done = working.track(1, new AbortController());
    time.now += 31 * MINUTE;
    expect([of("ses_1"), of("ses_2")]).toEqual([listening, working]);
    stream?.leave();
    done();
    time.now += 31 * MINUTE;
    expect(of("ses_1")).not.toBe(listening);
    expect(of("ses_2")).not.toBe(working);
  });

  it("cancels the request of an id, and of that id alone", () => {
    const session = setUp().of("ses_1");
    const [number, text, again] = [new AbortController(), new AbortController(), new AbortController()];
    const done = session.track(5, number);
    session.track("5", text);
    session.cancel(6);
    session.cancel("5");
    expect([number.signal.aborted, text.signal.aborted]).toEqual([false, true]);
    session.track(5, again);
    done();
    session.cancel(5);
    expect([number.signal.aborted, again.signal.aborted]).toEqual([false, true]);
  });

  it("P14: cancels nothing of another session", () => {
    const { of } = setUp();
    const controller = new AbortController();
    of("ses_1").track(1, controller);
    of("ses_2").cancel(1);
    expect(controller.signal.aborted).toBe(false);
  });
});

describe("the streams of a session", () => {
  it("send a message once, on the newest that is open", () => {
    const { live, of, attach } = setUp();
    const session = of("ses_1");
    expect(live.send("ses_1", MESSAGE)).toBe(false);
    const [old, newest] = [attach(session)!, attach(session)!];
    expect(live.send("ses_1", MESSAGE)).toBe(true);
    newest.leave();
    expect(live.send("ses_1", MESSAGE)).toBe(true);
    expect([old.sent, newest.sent].map(({ length }) => length)).toEqual([1, 1]);
    expect(live.send("ses_other", MESSAGE)).toBe(false);
  });

  it("give to who resumes what was sent while none was open", () => {
    const { live, of, attach } = setUp();
    const session = of("ses_1");
    const first = attach(session)!;
    live.send("ses_1", MESSAGE);
    const [seen = ""] = first.sent[0]?.split(" ") ?? [];
    first.leave();
    expect(live.send("ses_1", MESSAGE)).toBe(false);
    expect(attach(session, seen)?.attachment.replay.map(({ json }) => json)).toEqual([JSON_TEXT]);
    expect(attach(session, first.attachment.eventId)?.attachment.replay).toHaveLength(2);
    expect(attach(session)?.attachment.replay).toEqual([]);
  });

  it("go on in the new connection when the old one is resumed while it still looks open", () => {
    const { live, of, attach } = setUp();
    const session = of("ses_1");
    const [old, other] = [attach(session)!, attach(session)!];
    const resumed = attach(session, old.attachment.eventId)!;
    expect([old.isOpen, other.isOpen]).toEqual([false, true]);
    live.send("ses_1", MESSAGE);
    expect([old.sent.length, other.sent.length, resumed.sent.length]).toEqual([0, 0, 1]);
  });

  it("are four at most: the oldest ends", () => {
    const { of, attach } = setUp();
    const session = of("ses_1");
    const streams = Array.from({ length: 5 }, () => attach(session)!);
    expect(streams.map(({ isOpen }) => isOpen)).toEqual([false, true, true, true, true]);
    expect(session.streams).toEqual(streams.slice(1));
  });

  it("A44: are 20 at most for one identity, whatever the sessions; another identity has its own", () => {
    const { live, of, attach } = setUp();
    const opened = Array.from({ length: 20 }, (_, index) => attach(of(`ses_${index % 5}`))!);
    expect(opened.every((stream) => stream.isOpen)).toBe(true);
    expect(attach(of("ses_6"))).toBeNull();
    expect(attach(of("ses_bob", BOB))).not.toBeNull();
    opened[3]?.leave();
    expect(attach(of("ses_6"))).not.toBeNull();
    expect(live.streamsOf(identityKey(ALICE))).toHaveLength(20);
  });
});

describe("an end", () => {
  it("by the client ends streams and requests of that session, and its id for as long as it would be good", () => {
    const { live, of, attach, time } = setUp();
    const session = of("ses_1");
    const stream = attach(session)!;
    const controller = new AbortController();
    session.track(1, controller);
    const other = attach(of("ses_2"))!;
    expect(live.isEnded("ses_1")).toBe(false);
    live.end("ses_1");
    expect([stream.isOpen, controller.signal.aborted, other.isOpen]).toEqual([false, true, true]);
    expect([live.isEnded("ses_1"), live.isEnded("ses_2"), live.send("ses_1", MESSAGE)]).toEqual([true, false, false]);
    time.now += MAX_SESSION_AGE_MS;
    expect(live.isEnded("ses_1")).toBe(true);
    time.now += 1;
    expect(live.isEnded("ses_1")).toBe(false);
  });

  it("A44: is remembered for a bounded number of sessions", () => {
    const { live } = setUp({ ended: 3 });
    for (const id of ["a", "b", "c", "a", "d"]) live.end(id);
    expect(["a", "b", "c", "d"].map((id) => live.isEnded(id))).toEqual([true, false, true, true]);
  });
});

describe("room", () => {
  it("A44: 100,000 sessions of one identity leave 20 of them, and another identity's as it was", () => {
    const { live, of, attach } = setUp();
    const hers = of("ses_bob", BOB);
    const stream = attach(hers)!;
    for (let i = 0; i < 100_000; i += 1) of(`ses_${i}`);
    expect(live.size).toBe(21);
    expect(of("ses_bob", BOB)).toBe(hers);
    expect([stream.isOpen, live.send("ses_bob", MESSAGE)]).toEqual([true, true]);
  });

  it("A44: is made among an identity's own sessions first, and among the quiet ones before those in use", () => {
    const { of, attach } = setUp({ sessions: 4 });
    const hers = of("ses_bob", BOB);
    const used = of("ses_1");
    const stream = attach(used)!;
    const quiet = of("ses_2");
    of("ses_3");
    of("ses_4");
    expect(of("ses_bob", BOB)).toBe(hers);
    expect(of("ses_1")).toBe(used);
    expect(stream.isOpen).toBe(true);
    expect(of("ses_2")).not.toBe(quiet);
  });

  it("A44: is made at the cost of the least recently used of all when an identity has none of its own", () => {
    const { of } = setUp({ sessions: 2 });
    const [first, second] = [of("ses_1"), of("ses_2", BOB)];
    of("ses_1");
    of("ses_3", { mode: "user", id: "carol" });
    expect(of("ses_1")).toBe(first);
    expect(of("ses_2", BOB)).not.toBe(second);
  });

  it("P14: that one identity needs never aborts a request of another", () => {
    const { of, attach } = setUp({ sessions: 1 });
    const session = of("ses_1");
    const stream = attach(session)!;
    const controller = new AbortController();
    session.track(1, controller);
    of("ses_2", BOB);
    expect([stream.isOpen, controller.signal.aborted]).toEqual([false, false]);
  });

  it("is made by what is idle before anything else goes", () => {
    const { of, time } = setUp({ sessions: 2 });
    of("ses_idle", BOB);
    time.now += 31 * MINUTE;
    const fresh = of("ses_1");
    of("ses_2");
    expect(of("ses_1")).toBe(fresh);
  });
});
