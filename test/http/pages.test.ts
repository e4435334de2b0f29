import { describe, expect, it } from "vitest";
import { createScene } from "./scene.ts";
import { type Answer, createTestApp, outcomeOf } from "./test-app.ts";

const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=()",
  "x-robots-tag": "noindex",
};

const API_HEADERS = {
  ...PAGE_HEADERS,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

function headersOf({ headers }: Answer): Record<string, string> {
  const { "content-type": _, ...rest } = Object.fromEntries(headers);
  return rest;
}

describe("pages", () => {
  it("carry exactly these headers, also where there is none", async () => {
    const { send } = await createTestApp();
    const assets = ["link.js", "connect.css", "missing.js"].map((name) => `/assets/connect/${name}`);
    for (const path of ["/", "/connect/flow_x", ...assets]) {
      expect(headersOf(await send(`GET ${path}`)), path).toEqual(PAGE_HEADERS);
    }
  });

  it("are told apart from answers in which nothing may run", async () => {
    const { send } = await createTestApp();
    for (const path of ["/api/v1/me", "/healthz", "/openapi.json", "/nope"]) {
      const { "www-authenticate": _, ...headers } = headersOf(await send(`GET ${path}`));
      expect(headers, path).toEqual(API_HEADERS);
    }
  });

  it("tell browsers to come by https when the public URL is one, and only then", async () => {
    const { send } = await createTestApp({ parts: { publicUrl: "https://keys.example.com" } });
    for (const path of ["/", "/connect/flow_x", "/api/v1/me"]) {
      expect((await send(`GET ${path}`)).headers.get("strict-transport-security")).toBe(
        "max-age=31536000; includeSubDomains",
      );
    }
  });

  it("A08: the connect page is the same bytes for any id, without a lookup", async () => {
    const { send, startFlow, storeCalls } = await createScene();
    const { flowId } = await startFlow();
    storeCalls.length = 0;
    const answers = await Promise.all(
      [flowId, "flow_unknown", "x".repeat(4000)].map((id) => send(`GET /connect/${id}`)),
    );
    const [first, ...others] = answers;
    expect(first?.headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(first?.text).toContain(`src="/assets/connect/link.js"`);
    for (const other of others) {
      expect([other.status, other.text]).toEqual([200, first?.text]);
    }
    expect(storeCalls).toEqual([]);
  });

  it("serve the built assets by name, with their type, and nothing else of the disk", async () => {
    const { send } = await createTestApp();
    const script = await send("GET /assets/connect/link.js");
    expect([script.text, script.headers.get("content-type")]).toEqual([
      "export const link = 1;\n",
      "text/javascript; charset=utf-8",
    ]);
    expect((await send("GET /assets/connect/connect.css")).headers.get("content-type")).toBe("text/css; charset=utf-8");
    for (const name of [
      "index.html",
      "notes.txt",
      "..",
      "../link.js",
      "..%2flink.js",
      "%2e%2e/keyward.db",
      "....//keyward.db",
      "/etc/passwd",
      "link.js%00.css",
      "constructor",
      "__proto__",
      "",
    ]) {
      const answer = await send(`GET /assets/connect/${name}`);
      expect(outcomeOf(answer), name).toBe("404 not_found");
    }
  });

  it("say at / what runs here and where to go, without a script", async () => {
    const { send } = await createTestApp({ parts: { publicUrl: "https://keys.example.com/" } });
    const { text } = await send("GET /");
    expect(text).toContain("Keyward is running");
    expect(text).toContain("https://keys.example.com/mcp<");
    expect(text).toContain(`href="/openapi.json"`);
    expect(text).toContain("docs/api.md");
    expect(text).not.toMatch(/<script|\s(?:style|on\w+)=/);
  });
});
