import { describe, expect, it } from "vitest";
import { exploreAll, exploreSome, type Gate, type Scene, type StepKind } from "../helpers/barriers.ts";
import { chanceOf, SEEDS } from "../helpers/seeds.ts";

/** The scheduler itself: that it tries all orders, each once, and finds what only one of them shows. */

function walker(calls: readonly (readonly [string, StepKind])[], log: string[]) {
  return async (gate: Gate): Promise<void> => {
    for (const [call, kind] of calls) {
      await gate.step(call, kind, async () => void log.push(call));
    }
  };
}

async function ordersOf(
  actors: Readonly<Record<string, readonly (readonly [string, StepKind])[]>>,
): Promise<readonly string[]> {
  const orders: string[] = [];
  const count = await exploreAll(async () => {
    const log: string[] = [];
    return {
      actors: Object.fromEntries(Object.entries(actors).map(([name, calls]) => [name, walker(calls, log)])),
      check: async () => void orders.push(log.join(" ")),
    };
  });
  expect(orders).toHaveLength(count);
  return orders.toSorted();
}

describe("the barrier scheduler", () => {
  it("runs every order of two operations with two steps each, once", async () => {
    const orders = await ordersOf({
      a: [
        ["a1", "writes"],
        ["a2", "writes"],
      ],
      b: [
        ["b1", "writes"],
        ["b2", "writes"],
      ],
    });
    expect(orders).toEqual(["a1 a2 b1 b2", "a1 b1 a2 b2", "a1 b1 b2 a2", "b1 a1 a2 b2", "b1 a1 b2 a2", "b1 b2 a1 a2"]);
  });

  it("runs 90 orders of three operations with two steps each", async () => {
    const two = (name: string) =>
      [
        [`${name}1`, "writes"],
        [`${name}2`, "writes"],
      ] as const;
    const orders = await ordersOf({ a: two("a"), b: two("b"), c: two("c") });
    expect(new Set(orders).size).toBe(90);
    expect(orders).toHaveLength(90);
  });

  it("runs orders that differ only by steps which do not touch each other once", async () => {
    expect(await ordersOf({ a: [["a", "reads"]], b: [["b", "reads"]] })).toEqual(["a b"]);
    expect(await ordersOf({ a: [["a", "alone"]], b: [["b", "writes"]] })).toEqual(["a b"]);
    expect(await ordersOf({ a: [["a", "upstream"]], b: [["b", "writes"]] })).toEqual(["a b"]);
    expect(await ordersOf({ a: [["a", "reads"]], b: [["b", "writes"]] })).toEqual(["a b", "b a"]);
  });

  /** Reads and then writes what it read, plus one: the lost update that a port of `find` and `update` would allow. */
  async function lostUpdate(): Promise<Scene> {
    let counter = 0;
    const increment = async (gate: Gate): Promise<void> => {
      const seen = await gate.step("read", "reads", async () => counter);
      await gate.step("write", "writes", async () => {
        counter = seen + 1;
      });
    };
    return {
      actors: { one: increment, two: increment },
      check: async () => {
        if (counter !== 2) throw new Error(`an update was lost: ${counter}`);
      },
    };
  }

  it("finds a lost update, and prints the order that shows it", async () => {
    await expect(exploreAll(lostUpdate)).rejects.toThrow(
      /an update was lost: 1[^]*one\.read\n {2}two\.read\n[^]*one: resolved/,
    );
  });

  it.each(SEEDS)("finds it in random orders too (seed %d)", async (seed) => {
    const bystander = async (gate: Gate): Promise<void> => {
      for (let i = 0; i < 6; i += 1) await gate.step(`by${i}`, "writes", async () => {});
    };
    const set = async (): Promise<Scene> => {
      const { actors, check } = await lostUpdate();
      return { actors: { bystander, ...actors }, check };
    };
    await expect(exploreSome(set, 100, chanceOf(seed))).rejects.toThrow("an update was lost");
  });
});
