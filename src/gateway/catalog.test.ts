import { expect, it } from "vitest";
import { aServer, aTool, discovered, type LogLine, memoryLogger } from "../../test/gateway/gateway-fixture.ts";
import type { JsonObject } from "../core/json.ts";
import type { Access } from "../core/access-port.ts";
import { createCatalog, type Listing } from "./catalog.ts";

function accessTo(
  name: string,
  tools: readonly JsonObject[],
  more: Partial<Access> & { version?: number } = {},
): Listing {
  const { version = 1, ...rest } = more;
  const server = aServer(name, { discovered: discovered(tools), version });
  return { access: { server, tools: null, ...rest }, items: tools };
}

function namesOf(listings: readonly Listing[], lines: LogLine[] = []): unknown[] {
  return (
    createCatalog(memoryLogger(lines))
      .page(listings, "all", "legacy", null)
      ?.items.map(({ name }) => name) ?? []
  );
}

it("lists by server, and each server's tools in its own order, the same each time", () => {
  const accesses = [accessTo("a", [aTool("z"), aTool("b")]), accessTo("a_b", [aTool("a")]), accessTo("b", [])];
  expect(namesOf(accesses)).toEqual(["a-z", "a-b", "a_b-a"]);
  expect(namesOf(accesses)).toEqual(namesOf(accesses));
});

it("lists only what the allow list has, and says nothing of the rest", () => {
  const lines: LogLine[] = [];
  const access = accessTo("a", [aTool("read"), aTool("write"), aTool("odd name")], { tools: ["read", "gone"] });
  expect(namesOf([access], lines)).toEqual(["a-read"]);
  expect(lines).toEqual([]);
});

it("lists nothing of a server whose tools are not known yet", () => {
  expect(namesOf([{ access: { server: aServer("a", { discovered: null }), tools: null }, items: [] }])).toEqual([]);
});

it("keeps what it does not know of a tool", () => {
  const tool = aTool("t", {
    "x-vendor": { deep: [1, { a: null }] },
    annotations: { readOnlyHint: true, more: 1 },
    _meta: { a: 1 },
  });
  const page = createCatalog(memoryLogger([])).page([accessTo("a", [tool])], "one", "modern", null);
  expect(page).toEqual({ items: [tool], nextCursor: null });
});

it("shows a legacy client what only legacy revisions know, and a modern one not", () => {
  const access = accessTo("a", [aTool("t", { execution: { taskSupport: "optional" } })]);
  const catalog = createCatalog(memoryLogger([]));
  expect(catalog.page([access], "one", "legacy", null)?.items).toEqual([
    aTool("t", { execution: { taskSupport: "optional" } }),
  ]);
  expect(catalog.page([access], "one", "modern", null)?.items).toEqual([aTool("t")]);
});

it("reports a tool that is left out once per version of its server, without its text", () => {
  const lines: LogLine[] = [];
  const catalog = createCatalog(memoryLogger(lines));
  const tools = [
    aTool("ok"),
    aTool("evil\u001b[2J name"),
    aTool("ok"),
    aTool("bad", { inputSchema: { type: "array" } }),
  ];
  for (const version of [1, 1, 1, 2]) {
    expect(catalog.page([accessTo("a", tools, { version })], "all", "legacy", null)?.items).toHaveLength(1);
  }
  const once = [
    { level: "warn", event: "tool_left_out", fields: { server_id: "srv_a", tool_index: 1, reason: "name" } },
    { level: "warn", event: "tool_left_out", fields: { server_id: "srv_a", tool_index: 2, reason: "name" } },
    { level: "warn", event: "tool_left_out", fields: { server_id: "srv_a", tool_index: 3, reason: "input_schema" } },
  ];
  expect(lines).toEqual([...once, ...once]);
});

it("goes on after the last tool of a page though tools before it have come and gone", () => {
  const catalog = createCatalog(memoryLogger([]));
  const names = Array.from({ length: 600 }, (_, index) => `t${index}`);
  const all = names.map((name) => aTool(name));
  const first = catalog.page([accessTo("a", all)], "all", "legacy", null);
  const changed = [aTool("new"), ...all.slice(100)];
  const second = catalog.page([accessTo("a", changed)], "all", "legacy", first?.nextCursor ?? null);
  expect(second?.items.map(({ name }) => name)).toEqual(names.slice(500).map((name) => `a-${name}`));
  expect(second?.nextCursor).toBeNull();
  const gone = catalog.page([accessTo("a", all.slice(0, 400))], "all", "legacy", first?.nextCursor ?? null);
  expect(gone).toBeNull();
});
