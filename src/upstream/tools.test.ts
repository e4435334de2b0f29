import { describe, expect, it } from "vitest";
import type { JsonValue } from "../core/json.ts";
import { cleanServerInfo, cleanText, MAX_ITEMS } from "./clean.ts";
import { cleanItems } from "./list.ts";

const schema = { type: "object", properties: {} };

function names(received: readonly JsonValue[], era: "legacy" | "modern" = "legacy"): unknown[] {
  return cleanItems("tools", received, era).items.map(({ name }) => name);
}

describe("A51: a list of tools", () => {
  it("is in an order of its own, each name once", () => {
    const received = ["b", "a", "B", "b", "c"].map((name, at) => ({ name, title: String(at), inputSchema: schema }));
    const { items, omitted } = cleanItems("tools", received, "legacy");
    expect(items.map(({ name, title }) => [name, title])).toEqual([
      ["B", "2"],
      ["a", "1"],
      ["b", "0"],
      ["c", "4"],
    ]);
    expect(omitted).toBe(1);
  });

  it.each<[string, JsonValue]>([
    ["no object", "tool"],
    ["null", null],
    ["without a name", { inputSchema: schema }],
    ["with a name that is no text", { name: 7, inputSchema: schema }],
    ["with an empty name", { name: "", inputSchema: schema }],
    ["with a space in its name", { name: "a b", inputSchema: schema }],
    ["with a line break in its name", { name: "a\nb", inputSchema: schema }],
    ["with a name of 129 characters", { name: "a".repeat(129), inputSchema: schema }],
    ["with a right-to-left name", { name: "a\u202eb", inputSchema: schema }],
    ["with a schema that is no object", { name: "a", inputSchema: "none" }],
    ["with a schema of something else", { name: "a", inputSchema: { type: "string" } }],
    [
      "of more than 64 KB",
      { name: "a", inputSchema: { ...schema, enum: Array.from({ length: 9_000 }, () => "12345678") } },
    ],
  ])("loses one that is %s, and only that", (_, odd) => {
    expect(names([{ name: "good", inputSchema: schema }, odd, { name: "also", inputSchema: schema }])).toEqual([
      "also",
      "good",
    ]);
  });

  it("is cut at 1,000, and before it grows beyond reason", () => {
    const many = Array.from({ length: 10_000 }, (_, at) => ({ name: `t${at}`, inputSchema: schema }));
    expect(cleanItems("tools", many, "legacy")).toMatchObject({ items: { length: MAX_ITEMS }, omitted: 9_000 });
    const text = "x".repeat(8_000);
    const properties = Object.fromEntries(["a", "b", "c", "d", "e"].map((key) => [key, { description: text }]));
    const large = Array.from({ length: 1_000 }, (_, at) => ({
      name: `t${at}`,
      inputSchema: { ...schema, properties },
    }));
    expect(JSON.stringify(cleanItems("tools", large, "legacy").items).length).toBeLessThan(4.2 * 1024 * 1024);
  });

  it("loses what a model reads and a person does not see, at any depth", () => {
    const tag = String.fromCodePoint(0xe0041);
    const dirty = `a\u0000\u001b[31m\u202eb\u200b${tag}\u2028c`;
    const [tool] = cleanItems(
      "tools",
      [{ name: "t", description: dirty, inputSchema: { ...schema, properties: { p: { description: dirty } } } }],
      "legacy",
    ).items;
    expect(tool).toEqual({
      name: "t",
      description: "a[31mbc",
      inputSchema: { type: "object", properties: { p: { description: "a[31mbc" } } },
    });
  });

  it("keeps what people write: tabs, lines, accents, joined emoji", () => {
    expect(cleanText("a\tb\nc é 👩‍💻")).toBe("a\tb\nc é 👩‍💻");
  });

  it("has descriptions of at most 8,192 characters", () => {
    expect(cleanText("x".repeat(8_192))).toHaveLength(8_192);
    expect(cleanText("x".repeat(8_193))).toBe(`${"x".repeat(8_191)}…`);
  });

  it("has members of the kind that clients expect, or not at all", () => {
    const [tool] = cleanItems(
      "tools",
      [
        {
          name: "t",
          title: 7,
          description: ["x"],
          annotations: "none",
          outputSchema: true,
          _meta: [],
          icons: "none",
          "x-own": 1,
          inputSchema: {},
        },
      ],
      "legacy",
    ).items;
    expect(tool).toEqual({ name: "t", "x-own": 1, inputSchema: { type: "object" } });
  });

  it("gives a tool without a schema an empty one", () => {
    expect(cleanItems("tools", [{ name: "t" }], "legacy").items).toEqual([
      { name: "t", inputSchema: { type: "object" } },
    ]);
  });

  it("A36: hides a tool with a hostile header annotation from the era that would heed it", () => {
    const hostile = {
      name: "t",
      inputSchema: { ...schema, properties: { a: { type: "string", "x-mcp-header": "A\r\nx-api-key" } } },
    };
    expect(names([hostile], "modern")).toEqual([]);
    expect(names([hostile], "legacy")).toEqual(["t"]);
  });
});

describe("the name of a server", () => {
  it("stands where its era says it, cleaned", () => {
    const info = { name: "s\u0000", version: "1" };
    expect(cleanServerInfo({ serverInfo: info }, "legacy")).toEqual({ name: "s", version: "1" });
    expect(cleanServerInfo({ _meta: { "io.modelcontextprotocol/serverInfo": info } }, "modern")).toEqual({
      name: "s",
      version: "1",
    });
    expect(cleanServerInfo({ serverInfo: "s" }, "legacy")).toBeNull();
    expect(cleanServerInfo({}, "modern")).toBeNull();
    expect(cleanServerInfo({ serverInfo: { name: "x".repeat(5_000) } }, "legacy")).toBeNull();
  });
});
