import { expect, it } from "vitest";
import type { JsonObject } from "../../core/json.ts";
import { rewriteResult } from "./rewrite-result.ts";

const rewrite = (result: JsonObject) => rewriteResult("my_server", result);

const link = (uri: string) => ({ type: "resource_link", uri, name: "x", _meta: { uri } });
const embedded = (uri: string) => ({ type: "resource", resource: { uri, text: `see ${uri}` }, annotations: { a: 1 } });

it("names resources of a tool result behind their server, and touches nothing else of it", () => {
  const text = { type: "text", text: "file:///a", uri: "file:///a" };
  const result = {
    content: [text, link("file:///a"), embedded("file:///b")],
    structuredContent: { type: "resource_link", uri: "file:///a" },
    "x-own": { uri: "file:///a" },
  };
  expect(rewrite(result)).toEqual({
    ...result,
    content: [
      text,
      { ...link("file:///a"), uri: "my.server+file:///a" },
      { ...embedded("file:///b"), resource: { uri: "my.server+file:///b", text: "see file:///b" } },
    ],
  });
});

it("names the contents of a resource", () => {
  const [contents, contentsOut] = [
    [{ uri: "a:b", blob: "" }, { text: "no uri" }],
    [{ uri: "my.server+a:b", blob: "" }, { text: "no uri" }],
  ];
  expect(rewrite({ contents })).toEqual({ contents: contentsOut });
});

it("names what is embedded in the messages of a prompt, one block or several", () => {
  const messages = [
    { role: "user", content: embedded("a:b") },
    { role: "user", content: [link("a:b"), { type: "text", text: "x" }] },
    { role: "user" },
  ];
  const resource = { uri: "my.server+a:b", text: "see a:b" };
  expect(rewrite({ description: "x", messages })).toEqual({
    description: "x",
    messages: [
      { role: "user", content: { ...embedded("a:b"), resource } },
      {
        role: "user",
        content: [
          { ...link("a:b"), uri: "my.server+a:b" },
          { type: "text", text: "x" },
        ],
      },
      { role: "user" },
    ],
  });
});

it.each<JsonObject>([
  {},
  {
    content: [
      { type: "text", text: "x" },
      { type: "unheard_of", resource: { uri: "a:b" } },
    ],
    isError: true,
  },
  { content: "no list", contents: { uri: "a:b" }, messages: [7, null, "x"] },
  { content: [{ type: "resource_link", uri: 7 }, { type: "resource", resource: "a:b" }, null] },
  { messages: [{ role: "user", content: { type: "text", text: "x" } }] },
])("gives back the very same object when there is nothing to rewrite: %o", (result) => {
  expect(rewrite(result)).toBe(result);
});
