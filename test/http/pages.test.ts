import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DASHBOARD_PATHS } from "../../src/http/dashboard-paths.ts";
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
    for (const path of ["/connect/flow_x", ...assets]) {
      expect(headersOf(await send(`GET ${path}`)), path).toEqual(PAGE_HEADERS);
    }
  });

  it("are told apart from answers in which nothing may run", async () => {
    const { send } = await createTestApp();
    for (const path of ["/api/v1/me", "/healthz", "/openapi.json", "/nope"]) {
      const { "www-authenticate": _, "x-request-id": id, ...headers } = headersOf(await send(`GET ${path}`));
      expect(headers, path).toEqual(API_HEADERS);
      expect(id !== undefined, path).toBe(path.startsWith("/api/"));
    }
  });

  it("tell browsers to come by https when the public URL is one, and only then", async () => {
    const { send } = await createTestApp({ parts: { publicUrl: "https://keys.example.com" } });
    for (const path of ["/", "/connect/flow_x", "/assets/dashboard/index-a1.js", "/api/v1/me"]) {
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
});

describe("the dashboard", () => {
  it("has its html at every one of its addresses, the same for everybody but for the nonce", async () => {
    const { send } = await createTestApp();
    const bare = ({ text }: Answer): string => text.replace(/nonce="[^"]+"/, "");
    const home = await send("GET /");
    expect(home.headers.get("content-type")).toBe("text/html; charset=UTF-8");
    for (const path of DASHBOARD_PATHS.map((pattern) => pattern.replace(/:\w+/, "x_1"))) {
      const answer = await send(`GET ${path}`);
      expect([answer.status, bare(answer)], path).toEqual([200, bare(home)]);
    }
    expect(outcomeOf(await send("GET /servers/x_1/more"))).toBe("404 not_found");
  });

  it("carries exactly these headers, with a nonce that no other response has", async () => {
    const { send } = await createTestApp();
    const nonces = new Set<string>();
    for (const path of ["/", "/", "/sign-in", "/servers/srv_1"]) {
      const answer = await send(`GET ${path}`);
      const nonce = /<meta nonce="([\w+/]{22}==)">/.exec(answer.text)?.[1] ?? "none";
      nonces.add(nonce);
      expect(headersOf(answer), path).toEqual({
        ...PAGE_HEADERS,
        "content-security-policy": PAGE_HEADERS["content-security-policy"].replace(
          "style-src 'self'",
          `style-src 'self' 'nonce-${nonce}'`,
        ),
      });
    }
    expect(nonces.size).toBe(4);
  });

  it("has files that browsers may keep for ever, by gzip where that is understood", async () => {
    const { send } = await createTestApp();
    const path = "GET /assets/dashboard/index-a1.js";
    const plain = await send(path);
    expect([plain.text, headersOf(plain)]).toEqual([
      "export const dashboard = 1;\n",
      { ...PAGE_HEADERS, "cache-control": "public, max-age=31536000, immutable", vary: "Accept-Encoding" },
    ]);
    const { app } = await createTestApp();
    const packed = await app.request(
      "/assets/dashboard/index-a1.js",
      { headers: { "accept-encoding": "br, gzip" } },
      { requestId: "r", address: null, rawPath: "/assets/dashboard/index-a1.js" },
    );
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(await packed.arrayBuffer()).toString()).toBe(plain.text);
  });

  it("has no file but those of the build, and a missing one is not kept", async () => {
    const { send } = await createTestApp();
    for (const name of ["index.html", "..%2findex.html", "link.js", "constructor", ""]) {
      const answer = await send(`GET /assets/dashboard/${name}`);
      expect([outcomeOf(answer), answer.headers.get("cache-control")], name).toEqual(["404 not_found", "no-store"]);
    }
  });
});
