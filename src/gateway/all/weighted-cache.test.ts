import { expect, it } from "vitest";
import { WeightedCache } from "./weighted-cache.ts";

it("P16: lets the least recently used entries go until the rest fits", () => {
  const cache = new WeightedCache<number>(10);
  cache.set("a", 1, 4);
  cache.set("b", 2, 4);
  cache.get("a");
  cache.set("c", 3, 4);
  expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual([1, undefined, 3]);
  cache.set("d", 4, 10);
  expect(["a", "c", "d"].map((key) => cache.get(key))).toEqual([undefined, undefined, 4]);
});

it("weighs an entry anew when it is replaced", () => {
  const cache = new WeightedCache<number>(10);
  cache.set("a", 1, 9);
  cache.set("a", 2, 1);
  cache.set("b", 3, 9);
  expect([cache.get("a"), cache.get("b")]).toEqual([2, 3]);
});

it("does not keep what alone weighs too much", () => {
  const cache = new WeightedCache<number>(10);
  cache.set("a", 1, 11);
  expect(cache.get("a")).toBeUndefined();
});
