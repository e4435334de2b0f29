import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Browser } from "./browser.ts";
import { Client, register } from "./client.ts";
import { openOauthScene, type OauthScene } from "./scene.ts";

let scene: OauthScene;

beforeAll(async () => {
  scene = await openOauthScene();
});

afterAll(() => scene.close());

beforeEach(() => {
  scene.clock.advance(60 * 60_000);
});

/** What clients of 2025 and 2026 send, as far as it differs. */
const REAL: readonly (readonly [string, object, "native" | "web"])[] = [
  [
    "an application on the person's machine, on any port of loopback",
    {
      client_name: "Claude Code (keyward)",
      redirect_uris: ["http://localhost:54212/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    "native",
  ],
  [
    "an editor with many redirects, on loopback and on its own host, and grant types that there are not",
    {
      client_name: "Visual Studio Code",
      client_uri: "https://code.visualstudio.com",
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
      response_types: ["code"],
      redirect_uris: ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1:33418/"],
      scope: "openid profile mcp:tools",
      token_endpoint_auth_method: "none",
      application_type: "native",
    },
    "native",
  ],
  [
    "an editor with a scheme of its own, that says it is a web site",
    {
      client_name: "Cursor",
      redirect_uris: ["cursor://anysphere.cursor-retrieval/oauth/user-keyward/callback"],
      application_type: "web",
      token_endpoint_auth_method: "none",
      contacts: ["not an address"],
    },
    "native",
  ],
  [
    "a web site with a secret",
    {
      client_name: "claude.ai",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
      scope: "claudeai",
      logo_uri: "https://claude.ai/logo.png",
      software_id: "claude",
      software_version: "1",
    },
    "web",
  ],
  ["a web site that leaves out all it may", { redirect_uris: ["https://chat.example/aip/g-1/oauth/callback"] }, "web"],
];

describe("a registration", () => {
  it.each(REAL)("trap 5: of %s is taken, and leads to tokens", async (_, metadata, applicationType) => {
    const { status, body } = await register(scene.url, { token_endpoint_auth_method: undefined, ...metadata });
    expect([status, body]).toEqual([
      201,
      expect.objectContaining({
        client_id: expect.stringMatching(/^client_[A-Za-z0-9_-]{22}$/),
        application_type: applicationType,
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
      }),
    ]);
    for (const dropped of ["scope", "contacts", "logo_uri", "client_uri", "software_id", "jwks_uri"]) {
      expect(body, dropped).not.toHaveProperty(dropped);
    }
    const client = await Client.register(scene.url, { token_endpoint_auth_method: undefined, ...metadata });
    if (body["token_endpoint_auth_method"] === "client_secret_post") {
      const code = (await new Browser(scene, scene.ada).consent(client.authorizeUrl())).searchParams.get("code") ?? "";
      const secret = { client_id: client.id, client_secret: client.secret ?? "" };
      const post = new Client(scene.url, { client_id: client.id });
      const answer = await post.post("/oauth/token", {
        ...secret,
        grant_type: "authorization_code",
        code,
        redirect_uri: client.redirect,
        code_verifier: client.verifier,
      });
      expect(answer.status).toBe(200);
    } else {
      await client.connect(new Browser(scene, scene.ada));
    }
  });

  it.each([
    "javascript:alert(1)//",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "vbscript:x",
    "blob:https://app.example/1",
    "about:blank",
    "view-source:https://app.example",
    "http://app.example/callback",
    "http://192.168.0.1/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://0.0.0.0/callback",
    "https://user@app.example/callback",
    "http://user:pass@127.0.0.1/callback",
    "https://app.example/callback#fragment",
    "https://localhost/callback#",
    "/callback",
    "not a url",
    "",
    `https://app.example/${"x".repeat(1_000)}`,
  ])("trap 5: that wants to be sent to %s is refused", async (redirect) => {
    for (const redirects of [[redirect], ["http://127.0.0.1/callback", redirect]]) {
      const { status, body } = await register(scene.url, { redirect_uris: redirects });
      expect([status, body["error"]]).toEqual([400, "invalid_redirect_uri"]);
    }
  });

  it.each([
    ["no redirect", { redirect_uris: [] }],
    ["redirects that are none", { redirect_uris: "https://app.example/" }],
    ["a redirect that is no text", { redirect_uris: [{ toString: "x" }] }],
    [
      "more redirects than a client needs",
      { redirect_uris: Array.from({ length: 21 }, (_, i) => `http://127.0.0.1/${i}`) },
    ],
    ["tokens without a code", { response_types: ["token"] }],
    [
      "a key to prove itself by, which nobody vouches for",
      { token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [] } },
    ],
    ["a key to be fetched", { token_endpoint_auth_method: "private_key_jwt", jwks_uri: "https://10.0.0.1/" }],
    ["a way to prove itself that there is not", { token_endpoint_auth_method: "tls_client_auth" }],
  ])("with %s is refused", async (_, metadata) => {
    const { status, body } = await register(scene.url, metadata);
    expect([status, body["error"]]).toEqual([400, expect.stringMatching(/^invalid_(?:redirect_uri|client_metadata)$/)]);
  });

  it("cannot choose its id, its secret or what is said of it", async () => {
    const { status, body } = await register(scene.url, {
      client_id: "https://claude.ai/client.json",
      client_secret: "chosen",
      token_endpoint_auth_method: "client_secret_basic",
      subject_type: "pairwise",
      sector_identifier_uri: "https://10.0.0.1/sector.json",
      request_uris: ["https://10.0.0.1/"],
      ["__proto__"]: { client_name: "x" },
      constructor: "x",
      client_name: `Trusted\u202e by\u0000 Keyward ${"x".repeat(200)}`,
    });
    expect(status).toBe(201);
    expect(body["client_id"]).toMatch(/^client_/);
    expect(body["client_secret"]).not.toBe("chosen");
    expect(body["subject_type"]).toBe("public");
    expect(body["client_name"]).toBe(`Trusted by Keyward ${"x".repeat(61)}`);
  });

  it("is JSON of a reasonable size", async () => {
    const send = (body: string, type = "application/json") =>
      fetch(`${scene.url}/oauth/register`, { method: "POST", headers: { "content-type": type }, body });
    for (const body of ["", "[]", "null", "{", `{"client_name":"${"x".repeat(100_000)}"}`]) {
      expect((await send(body)).status, body.slice(0, 20)).toBe(400);
    }
    expect((await send("redirect_uris=x", "application/x-www-form-urlencoded")).status).toBe(400);
  });

  it("trap 7: is counted for each address", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1) {
      statuses.push((await register(scene.url)).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 429]);
    scene.address = "203.0.113.10";
    expect((await register(scene.url)).status).toBe(201);
    scene.address = "203.0.113.9";
    scene.clock.advance(60_000);
    expect((await register(scene.url)).status).toBe(201);
  });

  it("can be turned off: then there is no such endpoint, and the metadata names none", async () => {
    const closed = await openOauthScene({ isRegistrationEnabled: false });
    expect((await register(closed.url)).status).toBe(404);
    const metadata = await fetch(`${closed.url}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).not.toHaveProperty("registration_endpoint");
    await closed.close();
  });
});

describe("every endpoint", () => {
  it("trap 7: is counted for each address, in a way that clients understand", async () => {
    const client = await Client.register(scene.url);
    const [last] = await Promise.all(Array.from({ length: 121 }, () => client.refresh("kwr_x")));
    expect(last?.status).toBe(400);
    const refused = await fetch(`${scene.url}/oauth/token`, { method: "POST" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await refused.json()).toMatchObject({ error: "too_many_requests" });
    const browser = new Browser(scene, scene.ada);
    for (let i = 0; i < 60; i += 1) {
      expect((await browser.open(client.authorizeUrl())).status).toBe(303);
    }
    const page = await browser.open(client.authorizeUrl());
    expect([page.status, page.text]).toEqual([429, expect.stringContaining("Too many requests")]);
    for (let i = 0; i < 61; i += 1) {
      expect((await client.revoke("kwo_x")).status).toBe(i < 60 ? 200 : 429);
    }
  });
});
