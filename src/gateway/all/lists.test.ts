import { beforeEach, describe, expect, it } from "vitest";
import { aServer, aTool, discovered, memoryLogger, readyWith } from "../../../test/gateway/gateway-fixture.ts";
import type { Identity } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Resolution } from "../../core/resolver.ts";
import type { ListKind, Server } from "../../core/server.ts";
import type { Access } from "../../core/access-port.ts";
import { createCatalog } from "../catalog.ts";
import { createLists, type Lists } from "./lists.ts";

const ANN: Identity = { mode: "virtual_key", id: "ann" };
const MISSING: Resolution = { kind: "auth_required", reason: "missing" };

let accesses: Access[];
let resolutions: Map<string, Resolution>;
let own: Map<string, readonly JsonObject[]>;
let asked: string[];
let remembered: Map<string, readonly JsonObject[]>;
let lists: Lists;

beforeEach(() => {
  [accesses, asked] = [[], []];
  [resolutions, own, remembered] = [new Map(), new Map(), new Map()];
  lists = createLists({
    store: { listAccess: async () => accesses },
    resolver: { resolve: async (_, server) => resolutions.get(server.name) ?? MISSING },
    own: {
      async list(_identity, server, _headers, kind) {
        asked.push(`${server.name} ${kind}`);
        return own.get(server.name) ?? [];
      },
      peek: (_, server) => remembered.get(server.name) ?? null,
      expire: () => {},
    },
    catalog: createCatalog(memoryLogger([])),
  });
});

function add(server: Server, tools: Access["tools"] = null): Access {
  const access = { server, tools };
  accesses.push(access);
  return access;
}

function connect(server: Server, items: readonly JsonObject[]): void {
  resolutions.set(server.name, readyWith(server, "value"));
  own.set(server.name, items);
}

async function names(kind: ListKind = "tools"): Promise<unknown> {
  const page = await lists.page(ANN, kind, "legacy", null);
  return page?.items.map(({ name, uri, uriTemplate }) => uri ?? uriTemplate ?? name);
}

describe("the lists of /mcp", () => {
  it("hold the catalogue of a server without a key, and the identity's own list with one", async () => {
    const connected = add(aServer("a", { discovered: discovered([aTool("shared")]) })).server;
    add(aServer("b", { discovered: discovered([aTool("shared")]) }));
    connect(connected, [aTool("own")]);
    expect(await names()).toEqual(["a-own", "b-shared"]);
    expect(asked).toEqual(["a tools"]);
  });

  it("hold the catalogue of a server whose key cannot be read, and all of the others", async () => {
    resolutions.set("a", { kind: "unavailable", code: "credential_unreadable" });
    add(aServer("a", { discovered: discovered([aTool("t")]) }));
    add(aServer("b", { discovered: discovered([aTool("t")]) }));
    expect(await names()).toEqual(["a-t", "b-t"]);
  });

  it("keep to the allow list of tools, whatever the server lists for the identity", async () => {
    connect(add(aServer("a"), ["read", "own"]).server, [aTool("own"), aTool("read"), aTool("write")]);
    expect(await names()).toEqual(["a-own", "a-read"]);
  });

  it("name prompts, resources and templates by their server", async () => {
    const content = {
      prompts: [{ name: "my prompt" }, { name: 7 }],
      resources: [{ uri: "file:///a", name: "a" }],
      resourceTemplates: [{ uriTemplate: "{scheme}:///{+path}", name: "t", "x-own": 1 }],
      capabilities: { prompts: {}, resources: {} },
    };
    add(aServer("my_server", { discovered: discovered([], content) }));
    expect(await names("prompts")).toEqual(["my_server-my prompt"]);
    expect(await names("resources")).toEqual(["my.server+file:///a"]);
    expect((await lists.page(ANN, "resourceTemplates", "modern", null))?.items).toEqual([
      { uriTemplate: "my.server+{scheme}:///{+path}", name: "t", "x-own": 1 },
    ]);
  });

  it("do not trouble a server with what it has declared not to have", async () => {
    connect(add(aServer("a", { discovered: discovered([], { capabilities: { tools: {} } }) })).server, []);
    connect(add(aServer("b", { discovered: discovered([], { capabilities: { prompts: {} } }) })).server, []);
    connect(add(aServer("old", { discovered: discovered([]) })).server, []);
    await names("prompts");
    await names("resources");
    expect(asked).toEqual(["b prompts", "old prompts", "old resources"]);
  });
});

describe("a tool", () => {
  const CATALOGUE = [aTool("shared")];
  const server = aServer("a", { discovered: discovered(CATALOGUE) });
  const find = (name: string, tools: Access["tools"] = null) => lists.findTool(ANN, { server, tools }, name);

  it("of the catalogue is found without asking anyone", async () => {
    connect(server, []);
    expect(await find("shared")).toEqual({ kind: "known", definition: CATALOGUE[0] });
    expect(asked).toEqual([]);
  });

  it("that only the identity is listed is found in its own list", async () => {
    connect(server, [aTool("own")]);
    expect(await find("own")).toEqual({ kind: "known", definition: aTool("own") });
    expect(await find("nobodys")).toEqual({ kind: "unknown" });
  });

  it("is described as the identity was last listed it", async () => {
    const own = aTool("shared", { description: "own" });
    remembered.set("a", [own, aTool("before")]);
    expect(await find("shared")).toEqual({ kind: "known", definition: own });
    // Its key may be gone by now: then the call says how to give one.
    expect(await find("before")).toMatchObject({ kind: "known" });
    expect(asked).toEqual([]);
  });

  it("that the allow list does not have is not found anywhere", async () => {
    connect(server, [aTool("own")]);
    remembered.set("a", [aTool("own")]);
    expect(await find("own", ["shared"])).toEqual({ kind: "unknown" });
    expect(await find("", null)).toEqual({ kind: "unknown" });
    expect(asked).toEqual([]);
  });

  it("P10: that is in no catalogue is unknown without a key, and not known when that cannot be found out", async () => {
    expect(await find("own")).toEqual({ kind: "unknown" });
    resolutions.set("a", { kind: "unavailable", code: "credential_store_unavailable" });
    expect(await find("own")).toMatchObject({ kind: "unavailable", code: "credential_store_unavailable" });
  });
});
