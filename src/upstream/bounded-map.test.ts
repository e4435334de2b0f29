import { describe, expect, it } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

describe("a bounded map", () => {
  it("lets its least recently used entry go, and tells", () => {
    const gone: number[] = [];
    const map = new BoundedMap<string, number>(2, (value) => gone.push(value));
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect([...map.entries()]).toEqual([
      ["a", 1],
      ["c", 3],
    ]);
    expect(gone).toEqual([2]);
  });

  it("says nothing of entries that are replaced or deleted", () => {
    const gone: number[] = [];
    const map = new BoundedMap<string, number>(1, (value) => gone.push(value));
    map.set("a", 1);
    map.set("a", 2);
    map.delete("a");
    expect(map.size).toBe(0);
    expect(gone).toEqual([]);
  });
});
