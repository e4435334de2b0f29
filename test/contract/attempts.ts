import { describe, expect, it } from "vitest";
import type { Attempt } from "../../src/core/attempt-port.ts";
import type { Store } from "../../src/core/store-port.ts";
import { codeOf, type GetHarness } from "./fixtures.ts";

const MINUTE_MS = 60_000;

function attempt(digest: string, limit: number, windowMs = MINUTE_MS): Attempt {
  return { digest, limit, windowMs };
}

/** How many of so many attempts passed. */
async function passed(store: Store, times: number, ...attempts: readonly Attempt[]): Promise<number> {
  let count = 0;
  for (let i = 0; i < times; i += 1) {
    count += (await store.takeAttempt(attempts)) ? 1 : 0;
  }
  return count;
}

export function describeAttempts(get: GetHarness): void {
  describe("attempts", () => {
    it("pass as often as the limit says, on all handles together, also over a restart", async () => {
      const { store, another, reopen } = get();
      const replica = await another();
      const ada = attempt("ada", 5);
      expect([await passed(store, 2, ada), await passed(replica, 2, ada)]).toEqual([2, 2]);
      const reopened = await reopen();
      expect([await passed(reopened, 3, ada), await passed(replica, 3, ada)]).toEqual([1, 0]);
      expect(await passed(replica, 1, attempt("bob", 5))).toBe(1);
    });

    it("P16: of a hundred at once on two handles, exactly as many pass as are permitted", async () => {
      const { store, another } = get();
      const replica = await another();
      expect(await passed(store, 9, attempt("ada", 10))).toBe(9);
      const last = await Promise.all([store, replica].map((handle) => handle.takeAttempt([attempt("ada", 10)])));
      expect(last.filter((isWithin) => isWithin)).toHaveLength(1);
      const many = await Promise.all(
        Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? store : replica).takeAttempt([attempt("bob", 30)])),
      );
      expect(many.filter((isWithin) => isWithin)).toHaveLength(30);
    });

    it("pass again once the window is over, which no refusal makes longer", async () => {
      const { store, another, advance } = get();
      const replica = await another();
      const ada = attempt("ada", 2);
      expect(await passed(store, 2, ada)).toBe(2);
      advance(MINUTE_MS - 1);
      expect(await passed(replica, 3, ada)).toBe(0);
      advance(1);
      expect([await passed(replica, 1, ada), await passed(store, 2, ada)]).toEqual([1, 1]);
      advance(MINUTE_MS - 1);
      expect(await passed(store, 1, ada)).toBe(0);
    });

    it("under several digests stop at the first that has reached its limit: the others are not counted", async () => {
      const { store } = get();
      const account = attempt("account", 4);
      expect(await passed(store, 5, attempt("address", 2), account)).toBe(2);
      expect(await passed(store, 5, attempt("another address", 9), account)).toBe(2);
      // Refused by the second, an attempt stays counted under the first.
      expect(await passed(store, 9, attempt("another address", 9))).toBe(4);
    });

    it("that nobody can count are an outage, and never permitted", async () => {
      const { store, another } = get();
      const replica = await another();
      await replica.close();
      expect(await codeOf(replica.takeAttempt([attempt("ada", 1)]))).toBe("credential_store_unavailable");
      expect(await store.takeAttempt([attempt("ada", 1)])).toBe(true);
    });

    it("are swept from the end of their window on, in batches, on two replicas at once, and no other", async () => {
      const { store, another, advance } = get();
      const replica = await another();
      for (let i = 0; i < 250; i += 1) {
        await store.takeAttempt([attempt(`old ${i}`, 1)]);
      }
      advance(1);
      expect(await passed(store, 3, attempt("young", 3))).toBe(3);
      expect(await store.sweepAttempts(500)).toBe(0);
      advance(MINUTE_MS - 1);
      const swept = await Promise.all([store.sweepAttempts(120), replica.sweepAttempts(120)]);
      expect(swept).toEqual([120, 120]);
      expect([await store.sweepAttempts(500), await replica.sweepAttempts(500)]).toEqual([10, 0]);
      expect(await passed(store, 1, attempt("young", 3))).toBe(0);
      expect(await codeOf(store.sweepAttempts(501))).toBe("invalid_request");
    });

    it("cost one statement in a transaction for each digest", async () => {
      const { store, countStatements } = get();
      const one = await countStatements(() => store.takeAttempt([attempt("ada", 3)]));
      const two = await countStatements(() => store.takeAttempt([attempt("ada", 3), attempt("bob", 3)]));
      expect(two - one).toBe(1);
    });
  });
}
