import { afterEach, describe, expect, it } from "vitest";
import type { ListKind } from "../../src/core/server.ts";
import { type HeaderUpstream, type HeaderUpstreamOptions, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { callFor, expectSoon, serverFor, type TestUpstream, upstreamForTest } from "./parts.ts";

const KEY = canaryValue("list");

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((open) => open.close()));
});

async function start(options: HeaderUpstreamOptions = {}): Promise<HeaderUpstream> {
  const remote = await startHeaderUpstream({ accepts: (value) => value.startsWith(KEY), ...options });
  opened.push(remote);
  return remote;
}

function connect(): TestUpstream {
  const made = upstreamForTest();
  opened.push(made.upstream);
  return made;
}

function list(remote: HeaderUpstream, kind: ListKind, { upstream } = connect(), key = KEY) {
  return upstream.list(serverFor(remote.url), callFor(remote.url, key), kind);
}

const tool = (name: string) => ({ name, inputSchema: { type: "object" } });

describe("a list that is asked for with a stored key", () => {
  it.each<HeaderUpstreamOptions>([{ era: "legacy" }, { era: "legacy", stateful: true }, { era: "modern" }])(
    "is that key's own, all pages of it: %o",
    async (options) => {
      const toolsOf = (key: string | null) => Array.from({ length: 5 }, (_, at) => tool(`${key?.slice(-1)}-${at}`));
      const remote = await start({ ...options, toolsOf, pageSize: 3 });
      const test = connect();
      for (const owner of ["a", "b"]) {
        const listed = await list(remote, "tools", test, KEY + owner);
        const names = listed.kind === "listed" ? listed.items.map(({ name }) => name) : listed;
        const own = [0, 1, 2, 3, 4].map((at) => `${owner}-${at}`);
        expect(names).toEqual([...own, "add", "echo", "whoami"].toSorted());
      }
    },
  );

  it("can be of prompts, resources and templates, and is empty where the server has none", async () => {
    const remote = await start({ content: { prompts: [{ name: "p" }], resources: [{ uri: "a:b", name: "r" }, 7] } });
    expect(await list(remote, "prompts")).toEqual({ kind: "listed", items: [{ name: "p" }], omitted: 0 });
    const items = [{ uri: "a:b", name: "r" }];
    expect(await list(remote, "resources")).toEqual({ kind: "listed", items, omitted: 1 });
    expect(await list(remote, "resourceTemplates")).toEqual({ kind: "listed", items: [], omitted: 0 });
  });

  it("A38: has no injected value in it", async () => {
    const remote = await start({ toolsOf: (key) => [{ ...tool("leaky"), description: `with ${key}` }] });
    const test = connect();
    expect(JSON.stringify(await list(remote, "tools", test))).toContain("with [redacted by Keyward]");
    expect(test.hits).toEqual([1]);
  });

  it("is refused when the key is", async () => {
    expect(await list(await start(), "tools", connect(), "other")).toEqual({ kind: "refused" });
  });

  it.each([
    [{ kind: "status", status: 503 } as const, "upstream_unreachable"],
    [{ kind: "result", result: { tools: "none" }, on: ["tools/list"] } as const, "upstream_protocol"],
    [{ kind: "error", code: -32_603, on: ["tools/list"] } as const, "upstream_protocol"],
  ])("fails when the server answers %o", async (behaviour, code) => {
    expect(await list(await start({ behaviour }), "tools")).toEqual({ kind: "failed", code });
  });

  it("P8: ends when the credential is revoked meanwhile", async () => {
    const remote = await start({ behaviour: { kind: "hang", on: ["tools/list"] } });
    const test = connect();
    const listed = list(remote, "tools", test);
    await expectSoon(() => remote.received.some(({ method }) => method === "tools/list")).toBe(true);
    test.upstream.forgetCredential("cred_1");
    expect(await listed).toEqual({ kind: "failed", code: "upstream_unreachable" });
  });
});
