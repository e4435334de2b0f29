import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { oauthAvailability, resourceMetadataUrl } from "../../src/core/oauth-resource.ts";
import { Browser } from "./browser.ts";
import { Client, REDIRECT } from "./client.ts";
import { openOauthScene, type OauthScene } from "./scene.ts";

let scene: OauthScene;

beforeAll(async () => {
  scene = await openOauthScene();
});

afterAll(() => scene.close());

beforeEach(() => {
  scene.clock.advance(60_000);
});

/** Loopback has no certificate; everything else of the checker stays as strict as it is. */
// oxlint-disable-next-line typescript/no-deprecated -- marked so that it stands out: it does
const ON_LOOPBACK = { [oauth.allowInsecureRequests]: true };

/** A request whose headers say whatever a caller, or a proxy that nobody trusts, likes. */
function rawGet(path: string, headers: Record<string, string | string[]>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(scene.url);
    const outgoing = request({ host: "127.0.0.1", port, path, headers, setHost: false, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: `${response.headers.location ?? ""} ${response.headers["set-cookie"]?.join() ?? ""} ${Buffer.concat(chunks).toString()}`,
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("the metadata of the server (RFC 8414)", () => {
  it("is what a strict client takes, and leads to tokens with PKCE, issuer and errors as they have to be", async () => {
    const issuer = new URL(scene.url);
    const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...ON_LOOPBACK });
    const server = await oauth.processDiscoveryResponse(issuer, answer);
    expect(server).toEqual({
      issuer: scene.url,
      authorization_endpoint: `${scene.url}/oauth/authorize`,
      token_endpoint: `${scene.url}/oauth/token`,
      registration_endpoint: `${scene.url}/oauth/register`,
      revocation_endpoint: `${scene.url}/oauth/revoke`,
      client_id_metadata_document_supported: true,
      scopes_supported: ["mcp"],
      response_types_supported: ["code"],
      response_modes_supported: ["query"],
      grant_types_supported: ["authorization_code", "refresh_token"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
      token_endpoint_auth_signing_alg_values_supported: ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"],
      revocation_endpoint_auth_methods_supported: [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
      ],
      revocation_endpoint_auth_signing_alg_values_supported: ["RS256", "PS256", "ES256", "Ed25519", "EdDSA"],
    });

    const metadata = { redirect_uris: [REDIRECT], client_name: "Strict", token_endpoint_auth_method: "none" };
    const registration = await oauth.dynamicClientRegistrationRequest(server, metadata, ON_LOOPBACK);
    const client = await oauth.processDynamicClientRegistrationResponse(registration);
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(server.authorization_endpoint ?? "");
    url.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: REDIRECT,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state: "s",
      resource: `${scene.url}/mcp`,
      scope: "mcp",
    }).toString();
    const back = await new Browser(scene, scene.ada).consent(url);
    const parameters = oauth.validateAuthResponse(server, client, back, "s");
    const exchange = (codeVerifier: string) =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        parameters,
        REDIRECT,
        codeVerifier,
        ON_LOOPBACK,
      );
    await expect(
      exchange(oauth.generateRandomCodeVerifier()).then((wrong) =>
        oauth.processAuthorizationCodeResponse(server, client, wrong),
      ),
    ).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, await exchange(verifier));
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 600, scope: "mcp" });
    const refresh = (token: string) => oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, ON_LOOPBACK);
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await refresh(tokens.refresh_token ?? ""),
    );
    const revocation = await oauth.revocationRequest(
      server,
      client,
      oauth.None(),
      refreshed.refresh_token ?? "",
      ON_LOOPBACK,
    );
    expect(await oauth.processRevocationResponse(revocation)).toBeUndefined();
    await expect(
      refresh(refreshed.refresh_token ?? "").then((late) => oauth.processRefreshTokenResponse(server, client, late)),
    ).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("tells a client that cannot prove itself how it could (RFC 6749 section 5.2)", async () => {
    const server = { issuer: scene.url, token_endpoint: `${scene.url}/oauth/token` };
    const client = { client_id: "client_unknown" };
    const auth = oauth.ClientSecretBasic("secret");
    const answer = await oauth.refreshTokenGrantRequest(server, client, auth, "kwr_x", ON_LOOPBACK);
    await expect(oauth.processRefreshTokenResponse(server, client, answer)).rejects.toMatchObject({
      name: "WWWAuthenticateChallengeError",
      status: 401,
    });
  });

  it("says only what the server beneath can do", async () => {
    const own = (await (await fetch(`${scene.url}/.well-known/oauth-authorization-server`)).json()) as object;
    const provider = await scene.oauth.loadProvider();
    const server = provider.listen(0);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const headers = { "x-forwarded-host": new URL(scene.url).host, "x-forwarded-proto": "http" };
    const answer = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`, { headers });
    const known = (await answer.json()) as Record<string, unknown>;
    server.close();
    const notTold = new Set(["response_modes_supported", "scopes_supported"]);
    for (const [name, value] of Object.entries(own)) {
      if (!notTold.has(name) && !name.startsWith("revocation_endpoint_auth")) {
        expect([name, known[name]]).toEqual([name, value]);
      }
    }
  });

  it("is at one path, for GET alone; OpenID Connect's and the library's other paths are not there", async () => {
    const at = async (path: string, method = "GET") => (await fetch(scene.url + path, { method })).status;
    expect(await at("/.well-known/oauth-authorization-server", "POST")).toBe(405);
    for (const path of [
      "/.well-known/oauth-authorization-server/",
      "/.well-known/OAuth-authorization-server",
      "/.well-known/oauth-authorization-server/mcp",
      "/.well-known/oauth-x",
      "/oauth/jwks",
      "/oauth/Authorize",
      "/oauth/authorize/",
      "/oauth/authorize/short",
      "/oauth//token",
      "/oauth/register/client_1",
      "/oauth/session/end",
      "/oauth/session/end/confirm",
      "/oauth/device/auth",
      "/oauth/request",
      "/oauth/me",
      "/oauth/token/introspection",
      "/oauth/",
    ]) {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) {
        expect(await at(path, method), `${method} ${path}`).toBe(404);
      }
    }
    for (const [path, wrong] of [
      ["/oauth/token", "GET"],
      ["/oauth/register", "GET"],
      ["/oauth/revoke", "GET"],
      ["/oauth/authorize", "POST"],
      ["/oauth/authorize", "HEAD"],
      ["/oauth/token", "OPTIONS"],
    ] as const) {
      expect(await at(path, wrong), `${wrong} ${path}`).toBe(405);
    }
  });
});

describe("the metadata of the resource (RFC 9728)", () => {
  it.each([
    ["/mcp", "/mcp", "Keyward"],
    ["/mcp/notes", "/mcp/notes", "Keyward: notes"],
    ["", "/mcp", "Keyward"],
  ])("of '%s' is what a strict client takes", async (path, resource, name) => {
    const identifier = new URL(scene.url + resource);
    const answer = await fetch(`${scene.url}/.well-known/oauth-protected-resource${path}`);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await oauth.processResourceDiscoveryResponse(identifier, answer)).toEqual({
      resource: scene.url + resource,
      authorization_servers: [scene.url],
      scopes_supported: ["mcp"],
      bearer_methods_supported: ["header"],
      resource_name: name,
    });
  });

  it.each([
    "/",
    "/mcp/",
    "/mcp/No",
    "/mcp/notes/x",
    "/api/v1",
    "/mcp/%6eotes",
    "x",
    "/mcp/..",
    `/mcp/${"a".repeat(33)}`,
  ])("of '%s' there is none", async (path) => {
    const { status } = await rawGet(`/.well-known/oauth-protected-resource${path}`, { host: new URL(scene.url).host });
    expect(status).toBe(404);
  });

  it("is where a 401 says it is, whatever the path", () => {
    const base = "https://keyward.example/.well-known/oauth-protected-resource";
    for (const [path, url] of [
      ["/mcp", `${base}/mcp`],
      ["/mcp/notes", `${base}/mcp/notes`],
      ['/mcp/"x', `${base}/mcp`],
      ["/", `${base}/mcp`],
    ] as const) {
      expect(resourceMetadataUrl("https://keyward.example", path)).toBe(url);
    }
  });
});

describe("what a caller says of hosts", () => {
  const HOST = "evil.example";
  const LIES: readonly (readonly [string, Record<string, string>])[] = [
    ["X-Forwarded-Host", { "x-forwarded-host": HOST, "x-forwarded-proto": "https" }],
    ["Forwarded", { forwarded: `host=${HOST};proto=https` }],
    ["X-Forwarded-Server and -Uri", { "x-forwarded-server": HOST, "x-forwarded-uri": `https://${HOST}/mcp` }],
    ["X-Original-URL", { "x-original-url": `https://${HOST}/oauth/token`, "x-rewrite-url": "/oauth/token" }],
    ["a Host with a fragment", { host: `${HOST}#` }],
    ["a Host with a user", { host: `127.0.0.1@${HOST}` }],
  ];

  it.each(LIES)("trap 2, A46: poisons no discovery, redirect, cookie or issuer: %s", async (_, lies) => {
    const host = new URL(scene.url).host;
    const client = await Client.register(scene.url);
    const browser = new Browser(scene, scene.ada);
    const { pathname, search } = client.authorizeUrl();
    for (const path of [
      "/.well-known/oauth-authorization-server",
      "/.well-known/oauth-protected-resource/mcp",
      "/oauth/authorize?client_id=x",
      pathname + search,
    ]) {
      const { text } = await rawGet(path, { host, cookie: browser.session, ...lies });
      expect(text, path).not.toContain(HOST);
      expect(text, path).not.toContain("https://127.0.0.1");
    }
    const uid = await browser.question(client.authorizeUrl());
    const resume = (await browser.answer(uid)).pathname;
    const { text } = await rawGet(resume, { host, cookie: browser.cookieHeader(resume), ...lies });
    expect(text).toContain(`iss=${encodeURIComponent(scene.url)}`);
    expect(text).not.toContain(HOST);
  });

  it("is of no use for an https gateway behind a proxy that says nothing of it", async () => {
    const behind = await openOauthScene({ publicUrl: "https://keyward.example" });
    const client = await Client.register(behind.url);
    const browser = new Browser(behind, behind.ada);
    const url = client.authorizeUrl({ resource: "https://keyward.example/mcp" });
    await browser.question(url);
    expect(browser.received).not.toEqual([]);
    for (const cookie of browser.received) {
      expect(cookie).toMatch(/^__Secure-keyward_.*; secure; .*httponly/);
    }
    const uid = await browser.question(url);
    expect((await browser.answer(uid)).origin).toBe("https://keyward.example");
    await behind.close();
  });
});

describe("whether there is OAuth at all", () => {
  it.each([
    ["https://keyward.example", true],
    ["https://192.168.0.5:8443", true],
    ["http://localhost:4180", true],
    ["http://127.0.0.1:4180", true],
    ["http://127.8.9.1", true],
    ["http://[::1]:4180", true],
    ["http://keyward.example", false],
    ["http://192.168.0.5", false],
    ["http://localhost.evil.example", false],
    ["http://127.0.0.1.evil.example", false],
    ["http://0.0.0.0:4180", false],
  ])("%s: %s", (publicUrl, isEnabled) => {
    expect(oauthAvailability(publicUrl).isEnabled).toBe(isEnabled);
  });
});
