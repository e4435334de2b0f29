import { describe, expect, it } from "vitest";
import type { JsonValue } from "../core/json.ts";
import { cleanItems } from "./list.ts";

const prompts = (...received: readonly JsonValue[]) => cleanItems("prompts", received, "legacy").items;
const resources = (...received: readonly JsonValue[]) => cleanItems("resources", received, "legacy").items;

describe("A51: a list of prompts", () => {
  it.each<[string, JsonValue]>([
    ["no object", 7],
    ["without a name", { description: "x" }],
    ["with an empty name", { name: "" }],
    ["with a line break in its name", { name: "a\nb" }],
    ["with an invisible mark in its name", { name: "a\u202eb" }],
    ["with a name of 129 characters", { name: "a".repeat(129) }],
    ["listed twice", { name: "good", description: "again" }],
  ])("loses one that is %s, and only that", (_, odd) => {
    expect(prompts({ name: "zest" }, { name: "good" }, odd)).toEqual([{ name: "good" }, { name: "zest" }]);
  });

  it("takes names in any writing", () => {
    expect(prompts({ name: "Überprüfe den Code" }, { name: "コード" })).toHaveLength(2);
  });

  it("loses odd arguments and members, and keeps what it does not know", () => {
    const args = [
      { name: "a", required: "yes", description: "x\u0000" },
      { description: "nameless" },
      "b",
      { name: "c" },
    ];
    expect(prompts({ name: "p", title: 7, "x-own": [1], arguments: args }, { name: "q", arguments: "none" })).toEqual([
      { name: "p", "x-own": [1], arguments: [{ name: "a", description: "x" }, { name: "c" }] },
      { name: "q" },
    ]);
  });
});

describe("A51: a list of resources", () => {
  it.each<[string, JsonValue]>([
    ["without a URI", { name: "x" }],
    ["without a name", { uri: "file:///x" }],
    ["with a URI that has no scheme", { uri: "/etc/passwd", name: "x" }],
    ["with a URI that holds a line break", { uri: "file:///a\nb", name: "x" }],
    ["with a URI of 2,049 characters", { uri: `file:///${"a".repeat(2_041)}`, name: "x" }],
  ])("loses one %s, and only that", (_, odd) => {
    const good = { uri: "file:///good", name: "good" };
    expect(resources(odd, good)).toEqual([good]);
  });

  it("loses members of a kind that would make a client refuse the whole list", () => {
    const odd = { size: "big", mimeType: 1, icons: [{ src: 1 }], _meta: [], "x-own": 1 };
    const uri = "file:///a";
    expect(resources({ uri, name: "a", ...odd })).toEqual([{ uri, name: "a", "x-own": 1 }]);
    const annotated = (annotations: JsonValue) => resources({ uri, name: "a", annotations })[0]?.["annotations"];
    for (const odd of [{ audience: ["all"] }, { priority: 2 }, { lastModified: "2026-02-30T00:00:00Z" }, "none"]) {
      expect(annotated(odd)).toBeUndefined();
    }
    const good = { audience: ["user"], priority: 0.5, lastModified: "2026-02-28T12:00:00Z", more: 1 };
    expect(annotated(good)).toEqual(good);
  });

  it("takes a template whose scheme is a variable", () => {
    const template = { uriTemplate: "{scheme}://{+path}", name: "any" };
    expect(cleanItems("resourceTemplates", [template, { uriTemplate: 1, name: "x" }], "modern")).toEqual({
      items: [template],
      omitted: 1,
    });
  });
});
