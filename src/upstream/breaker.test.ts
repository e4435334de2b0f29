import { describe, expect, it } from "vitest";
import { KeywardError } from "../core/errors.ts";
import type { Clock, Random } from "../core/ports.ts";
import { createBreaker } from "./breaker.ts";
import type { Egress } from "./egress/door.ts";
import type { EgressResponse } from "./egress/receiver.ts";

const refused = () => new KeywardError("upstream_unreachable", { cause: { code: "ECONNREFUSED" } });
const SERVER = { id: "srv_1", version: 1 };

/** A breaker in front of a door that answers as it is told, and a clock that stands still. */
function stage() {
  let now = 1_000_000;
  let byte = 255;
  const clock: Clock = { now: () => now, schedule: () => () => {} };
  const random: Random = { bytes: (length) => new Uint8Array(length).fill(byte) };
  const breaker = createBreaker({ clock, random });
  let dialled = 0;
  let answer: () => Promise<number> = () => Promise.reject(refused());
  const response = (status: number): EgressResponse => ({
    status,
    header: () => null,
    bytes: async () => Buffer.alloc(0),
    parts: async () => {},
    keep() {},
    discard() {},
  });
  const egress: Egress = {
    async send() {
      dialled += 1;
      return response(await answer());
    },
    assertAllowed: async () => {},
    close: async () => {},
  };
  const request = {
    url: new URL("https://example.com/mcp"),
    method: "POST",
    headers: new Map<string, string>(),
    body: "{}",
    headersTimeoutMs: 1,
    idleTimeoutMs: 1,
    isStream: false,
    signal: new AbortController().signal,
  } as const;
  return {
    pass: (ms: number) => void (now += ms),
    draw: (next: number) => void (byte = next),
    answers: (next: () => Promise<number>) => void (answer = next),
    dialled: () => dialled,
    /** `ECONNREFUSED`, `NOT_DIALLED`, another error's name, or the status. */
    async call(server = SERVER): Promise<unknown> {
      try {
        return (await breaker.through(server, egress).send(request)).status;
      } catch (error) {
        const { code, cause } = error as { code: string; cause?: { code: string } };
        return cause?.code ?? code;
      }
    },
    async open() {
      for (let count = 0; count < 3; count += 1) await this.call();
    },
  };
}

describe("a server that is not there", () => {
  it("is not dialled after three failures in a row, and again after a second", async () => {
    const test = stage();
    expect([await test.call(), await test.call(), await test.call()]).toEqual(Array(3).fill("ECONNREFUSED"));
    expect([await test.call(), await test.call()]).toEqual(["NOT_DIALLED", "NOT_DIALLED"]);
    test.pass(999);
    expect(await test.call()).toBe("NOT_DIALLED");
    expect(test.dialled()).toBe(3);
    test.pass(1);
    expect(await test.call()).toBe("ECONNREFUSED");
    expect(test.dialled()).toBe(4);
  });

  it("is tried after twice the time as often as it fails, and at least every 30 s", async () => {
    const test = stage();
    await test.open();
    for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      test.pass(delay - 1);
      expect([delay, await test.call()]).toEqual([delay, "NOT_DIALLED"]);
      test.pass(1);
      expect([delay, await test.call()]).toEqual([delay, "ECONNREFUSED"]);
    }
  });

  it("is tried sooner by chance, at half of the time at the soonest", async () => {
    const test = stage();
    test.draw(0);
    await test.open();
    test.pass(499);
    expect(await test.call()).toBe("NOT_DIALLED");
    test.pass(1);
    expect(await test.call()).toBe("ECONNREFUSED");
  });

  it.each([200, 401, 404, 500, 503])("is there when it answers %i to the one call that tries", async (status) => {
    const test = stage();
    await test.open();
    test.pass(1_000);
    let settle: (status: number) => void = () => {};
    test.answers(() => new Promise((resolve) => (settle = resolve)));
    const probe = test.call();
    expect([await test.call(), await test.call()]).toEqual(["NOT_DIALLED", "NOT_DIALLED"]);
    expect(test.dialled()).toBe(4);
    settle(status);
    expect(await probe).toBe(status);
    test.answers(async () => status);
    expect([await test.call(), await test.call()]).toEqual([status, status]);
  });

  it("is tried by the next call when the one that tried was given up, or is still at it after 10 s", async () => {
    const test = stage();
    await test.open();
    test.pass(1_000);
    test.answers(() => Promise.reject(new KeywardError("upstream_unreachable")));
    expect(await test.call()).toBe("upstream_unreachable");
    test.answers(() => new Promise(() => {}));
    void test.call();
    test.pass(9_999);
    expect(await test.call()).toBe("NOT_DIALLED");
    test.pass(1);
    test.answers(async () => 200);
    expect(await test.call()).toBe(200);
  });

  it("costs nothing more when many calls found out at once", async () => {
    const test = stage();
    await Promise.all(Array.from({ length: 50 }, () => test.call()));
    test.pass(1_000);
    expect(await test.call()).toBe("ECONNREFUSED");
    test.pass(2_000);
    expect(await test.call()).toBe("ECONNREFUSED");
  });

  it("A64: is tried at once when the clock was set back", async () => {
    const test = stage();
    await test.open();
    test.pass(-3_600_000);
    expect(await test.call()).toBe("ECONNREFUSED");
  });

  it("is dialled once it was changed, and keeps no other from being dialled", async () => {
    const test = stage();
    await test.open();
    expect(await test.call({ id: "srv_2", version: 1 })).toBe("ECONNREFUSED");
    expect(await test.call({ id: "srv_1", version: 2 })).toBe("ECONNREFUSED");
  });
});

describe("a server that is there", () => {
  it("is dialled on though it fails: an answer ends the row", async () => {
    const test = stage();
    for (let count = 0; count < 10; count += 1) {
      test.answers(() => Promise.reject(refused()));
      expect([await test.call(), await test.call()]).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
      test.answers(async () => 503);
      expect(await test.call()).toBe(503);
    }
  });

  it.each(["UND_ERR_SOCKET", "ECONNRESET", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_ABORTED"])(
    "P14: is dialled on when calls come to %s, which their caller may have caused",
    async (code) => {
      const test = stage();
      test.answers(() => Promise.reject(new KeywardError("upstream_unreachable", { cause: { code } })));
      for (let count = 0; count < 5; count += 1) expect(await test.call()).toBe(code);
    },
  );
});
