import { describe, expect, it } from "vitest";
import { CLIENTS } from "../../web/dashboard/pages/connect-a-client/clients.ts";
import {
  endpointOf,
  isLocal,
  KEY_PLACEHOLDER,
  type Target,
} from "../../web/dashboard/pages/connect-a-client/target.ts";

const URL_OF_ALL = "https://keys.example.com/mcp";

const target = (proof: Target["proof"], url = URL_OF_ALL): Target => ({ name: "keyward", url, proof });

function snippetsOf(id: string, of: Target): string[] {
  const client = CLIENTS.find((each) => each.id === id);
  return client?.instructions(of).snippets.map(({ text }) => text) ?? [];
}

describe("what is pasted into a client", () => {
  it.each(CLIENTS.map(({ id }) => id))(
    "%s: carries the address, and a key only where the client is to send one",
    (id) => {
      const byBrowser = snippetsOf(id, target("browser")).join("\n");
      expect(byBrowser).toContain(URL_OF_ALL);
      expect(byBrowser).not.toMatch(/Bearer|kw_/);
      const byKey = snippetsOf(id, target("key")).join("\n");
      expect(byKey).toContain(URL_OF_ALL);
      // VS Code asks for the key itself.
      expect(byKey).toContain(id === "vs-code" ? "${input:keyward-key}" : KEY_PLACEHOLDER);
    },
  );

  it.each(CLIENTS.map(({ id }) => id))("%s: what looks like JSON is JSON", (id) => {
    for (const proof of ["browser", "key"] as const) {
      for (const text of snippetsOf(id, target(proof)).filter((each) => each.startsWith("{"))) {
        expect(JSON.stringify(JSON.parse(text))).toContain("keyward");
      }
    }
  });

  it("uses each client's own names for the address and the header", () => {
    const entryOf = (id: string, ...path: readonly string[]): unknown =>
      path.reduce<unknown>(
        (value, key) => (value as Record<string, unknown>)[key],
        JSON.parse(snippetsOf(id, target("key")).find((text) => text.startsWith("{")) ?? "{}"),
      );
    const headers = { Authorization: `Bearer ${KEY_PLACEHOLDER}` };
    expect(entryOf("cursor", "mcpServers", "keyward")).toEqual({ url: URL_OF_ALL, headers });
    expect(entryOf("windsurf", "mcpServers", "keyward")).toEqual({ serverUrl: URL_OF_ALL, headers });
    expect(entryOf("zed", "context_servers", "keyward")).toEqual({ url: URL_OF_ALL, headers });
    expect(entryOf("cline", "mcpServers", "keyward")).toEqual({ type: "streamableHttp", url: URL_OF_ALL, headers });
    expect(entryOf("vs-code", "servers", "keyward", "type")).toBe("http");
    expect(snippetsOf("codex", target("key"))[0]).toContain("--bearer-token-env-var KEYWARD_KEY");
    expect(snippetsOf("gemini", target("browser"))).toEqual([
      `gemini mcp add --scope user --transport http keyward ${URL_OF_ALL}`,
    ]);
  });

  it("gives Claude Desktop the address where its vendor's cloud can reach it, and a bridge where it cannot", () => {
    expect(snippetsOf("claude-desktop", target("browser"))).toEqual([URL_OF_ALL]);
    const bridge = (of: Target): unknown => JSON.parse(snippetsOf("claude-desktop", of)[0] ?? "");
    expect(bridge(target("browser", "http://127.0.0.1:4180/mcp"))).toMatchObject({
      mcpServers: { keyward: { args: ["-y", "mcp-remote", "http://127.0.0.1:4180/mcp", "--allow-http"] } },
    });
    expect(bridge(target("key"))).toMatchObject({
      mcpServers: {
        keyward: {
          args: ["-y", "mcp-remote", URL_OF_ALL, "--header", "Authorization:${KEYWARD_AUTH}"],
          env: { KEYWARD_AUTH: `Bearer ${KEY_PLACEHOLDER}` },
        },
      },
    });
  });

  it("links that add the entry say the same as the snippet", () => {
    const link = (id: string): string =>
      CLIENTS.find((each) => each.id === id)?.instructions(target("browser")).link?.href ?? "";
    const cursor = new URL(link("cursor"));
    expect(JSON.parse(atob(cursor.searchParams.get("config") ?? ""))).toEqual({ url: URL_OF_ALL });
    expect(JSON.parse(decodeURIComponent(link("vs-code").split("?")[1] ?? ""))).toEqual({
      name: "keyward",
      type: "http",
      url: URL_OF_ALL,
    });
  });
});

it("has an address for everything and one for each server", () => {
  expect(endpointOf("https://keys.example.com", null)).toBe(URL_OF_ALL);
  expect(endpointOf("https://keys.example.com", "billing")).toBe(`${URL_OF_ALL}/billing`);
  expect(["http://10.0.0.1/mcp", "https://localhost/mcp", "https://[::1]/mcp"].map(isLocal)).toEqual([
    true,
    true,
    true,
  ]);
  expect(isLocal("https://localhosting.example.com/mcp")).toBe(false);
});
