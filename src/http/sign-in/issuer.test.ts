import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { isKeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import { createIssuer, type Issuer } from "./issuer.ts";

const GRANT = { code: "code", codeVerifier: "verifier", redirectUri: "https://keyward.example.com/callback" };

interface Stage {
  readonly issuer: Issuer;
  readonly url: string;
  readonly received: { readonly path: string; readonly authorization: string | undefined; readonly body: string }[];
  /** Lets the time pass that an answer may take. */
  expire(): void;
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: string) => void;

async function setStage(answer: Answer): Promise<Stage> {
  const received: { path: string; authorization: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      received.push({ path: request.url ?? "", authorization: request.headers.authorization, body });
      answer(request, response, url);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    schedule(_, task) {
      timers.add(task);
      return () => void timers.delete(task);
    },
  };
  const clientSecret = new Secret("a secret: + ü");
  return {
    issuer: createIssuer({ issuer: url, clientId: "the id", clientSecret, clock }),
    url,
    received,
    expire: () => timers.forEach((task) => task()),
  };
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "ok",
    (error: unknown) => (isKeywardError(error) ? error.code : error),
  );
}

describe("the issuer's description", () => {
  it("is read from the well-known place, whether or not the issuer ends with a slash", async () => {
    const { issuer, url, received } = await setStage((_, response, at) =>
      json(response, { issuer: `${at}/`, token_endpoint: `${at}/token`, more: "ignored" }),
    );
    expect(await issuer.describe()).toMatchObject({ token_endpoint: `${url}/token` });
    expect(received.map(({ path }) => path)).toEqual(["/.well-known/openid-configuration"]);
  });

  it.each<[string, Answer]>([
    [
      "names another issuer",
      (_, response, at) => json(response, { issuer: "https://evil", token_endpoint: `${at}/t` }),
    ],
    ["has no token endpoint", (_, response, at) => json(response, { issuer: at })],
    ["is an error", (_, response, at) => json(response, { issuer: at, token_endpoint: `${at}/t` }, 500)],
    ["is no JSON", (_, response) => void response.end("<html>")],
    ["is somewhere else", (_, response, at) => void response.writeHead(302, { location: `${at}/other` }).end()],
    ["is endless", (_, response) => void response.write("x".repeat(300_000))],
  ])("is none when it %s", async (_, answer) => {
    const { issuer, received } = await setStage(answer);
    expect(await codeOf(issuer.describe())).toBe("upstream_unreachable");
    expect(received).toHaveLength(1);
  });

  it("is not waited for longer than its time", async () => {
    const { issuer, received, expire } = await setStage(() => {});
    const waiting = codeOf(issuer.describe());
    await expect.poll(() => received.length).toBe(1);
    expire();
    expect(await waiting).toBe("upstream_unreachable");
  });
});

describe("a code", () => {
  it("is exchanged with the client's name and secret in a header, encoded as RFC 6749 wants it", async () => {
    const { issuer, url, received } = await setStage((_, response) =>
      json(response, { access_token: "a", id_token: "i", token_type: "Bearer" }),
    );
    const tokens = await issuer.exchange({ token_endpoint: `${url}/token` }, GRANT);
    expect(tokens).toEqual({ accessToken: "a", idToken: "i" });
    const [{ authorization = "", body = "" } = {}] = received;
    expect(Buffer.from(authorization.slice("Basic ".length), "base64").toString()).toBe(
      "the+id:a+secret%3A+%2B+%C3%BC",
    );
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: "authorization_code",
      code: "code",
      code_verifier: "verifier",
      redirect_uri: GRANT.redirectUri,
    });
  });

  it("is exchanged with them in the body where the issuer wants it so", async () => {
    const { issuer, url, received } = await setStage((_, response) =>
      json(response, { access_token: "a", id_token: "i" }),
    );
    const methods = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
    await issuer.exchange({ token_endpoint: `${url}/token`, ...methods }, GRANT);
    const [{ authorization, body = "" } = {}] = received;
    expect(authorization).toBeUndefined();
    expect(new URLSearchParams(body).get("client_secret")).toBe("a secret: + ü");
  });

  it("is not sent on: a redirect of the token endpoint gets neither code nor secret", async () => {
    const { issuer, url, received } = await setStage(
      (_, response, at) => void response.writeHead(307, { location: `${at}/elsewhere` }).end(),
    );
    expect(await codeOf(issuer.exchange({ token_endpoint: `${url}/token` }, GRANT))).toBe("upstream_unreachable");
    expect(received.map(({ path }) => path)).toEqual(["/token"]);
  });

  it("that the issuer does not take, or answers without an ID token, signs nobody in", async () => {
    for (const [body, status] of [
      [{ error: "invalid_grant" }, 400],
      [{ access_token: "a" }, 200],
      [{ access_token: "a", id_token: null }, 200],
    ] as const) {
      const { issuer, url } = await setStage((_, response) => json(response, body, status));
      expect(await codeOf(issuer.exchange({ token_endpoint: `${url}/token` }, GRANT))).toBe("sign_in_failed");
    }
  });
});
