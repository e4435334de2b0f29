import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { chromiumPath, launchChromium } from "../browser/chromium.ts";
import { fingerprint, startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { CLIENT, startIssuer } from "../fixtures/oidc-issuer.ts";
import { betrays, canaryValue } from "../helpers/canary.ts";
import { freePort } from "../helpers/free-port.ts";
import { runKeyward, startKeyward, type KeywardProcess } from "../helpers/keyward-process.ts";
import { OauthApp, openWindow, type Window } from "../helpers/oauth-app.ts";

/* The whole product, as the people who use it meet it: a process, a browser for each of them, an issuer, an MCP client. */

const PASSWORD = "correct horse battery staple";
const GRACE = { sub: "grace-1", email: "grace@example.com", email_verified: true, name: "Grace Hopper", groups: [] };

interface World {
  readonly keyward: KeywardProcess;
  readonly upstream: HeaderUpstream;
  /** A value that the upstream accepts. */
  goodValue(label: string): string;
  /** A page in a browser of its own. */
  visitor(): Promise<Page>;
  readonly folder: string;
}

let browser: Browser;

async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-journey-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const good = new Set<string>();
  const upstream = await startHeaderUpstream({ accepts: (value) => good.has(value) });
  onTestFinished(() => upstream.close());
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const issuer = await startIssuer({ redirectUri: `${url}/api/v1/sso/callback/oidc`, person: GRACE });
  onTestFinished(() => issuer.close());
  const keyward = await startKeyward({
    cwd: folder,
    hasAdmin: false,
    args: ["--port", String(port)],
    env: {
      KEYWARD_OIDC_ISSUER: issuer.url,
      KEYWARD_OIDC_CLIENT_ID: CLIENT.id,
      KEYWARD_OIDC_CLIENT_SECRET: CLIENT.secret,
      KEYWARD_OIDC_ALLOWED_DOMAINS: "example.com",
      KEYWARD_OIDC_LABEL: "Example",
    },
  });
  onTestFinished(async () => {
    await keyward.kill("SIGTERM");
  });
  expect(keyward.url).toBe(url);

  return {
    keyward,
    upstream,
    folder,
    goodValue(label) {
      const value = canaryValue(label);
      good.add(value);
      return value;
    },
    async visitor() {
      const context = await browser.newContext();
      const misdeeds: string[] = [];
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on("pageerror", (error) => misdeeds.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && !message.text().startsWith("Failed to load")) misdeeds.push(message.text());
      });
      onTestFinished(async () => {
        await context.close();
        expect(misdeeds).toEqual([]);
      });
      return page;
    },
  };
}

/** Where an MCP client on the person's machine listens for the answer of the browser. */
async function listenForCallback(): Promise<{ readonly url: string; readonly callback: Promise<URL> }> {
  const { promise, resolve } = Promise.withResolvers<URL>();
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? "/", "http://localhost");
    if (asked.pathname === "/callback") resolve(asked);
    response.end("You can close this page.");
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, callback: promise };
}

const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
const follow = (page: Page, name: string): Promise<void> => page.getByRole("link", { name, exact: true }).click();
const heading = (page: Page, name: string): Promise<void> => page.getByRole("heading", { name, exact: true }).waitFor();

async function becomeFirstAdmin({ keyward, visitor }: World): Promise<Page> {
  const page = await visitor();
  const link = await vi.waitFor(() => {
    const found = /http:\S+\/setup#t=kws_[\w-]{49}/.exec(keyward.output())?.[0];
    expect(found).toBeDefined();
    return found ?? "";
  });
  await page.goto(link);
  await page.getByLabel("Your name").fill("Ada Lovelace");
  await page.getByLabel("E-mail address").fill("ada@example.org");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await press(page, "Create administrator");
  await heading(page, "Getting started");
  return page;
}

/** The administrator adds the server, and watches what each step of the verification proves. */
async function addServer(page: Page, { upstream, goodValue }: World): Promise<void> {
  await follow(page, "Add a server");
  await page.getByLabel("Address").fill(upstream.url);
  await page.getByLabel("Name", { exact: true }).fill("notes");
  await press(page, "Continue");
  await press(page, "Continue");
  await page.getByLabel("Header name").fill("X-API-Key");
  await page.getByRole("textbox", { name: "Label" }).fill("API key");
  await press(page, "Continue");
  await page.getByLabel("API key", { exact: true }).fill("a-wrong-value");
  await press(page, "Add and verify");
  await page.getByText("Nothing was stored.").waitFor();
  await press(page, "Change the sample values");
  await page.getByLabel("API key", { exact: true }).fill(goodValue("sample"));
  await press(page, "Add and verify");
  await heading(page, "notes is added");
  for (const proof of [
    "The address answers, and it speaks MCP.",
    "With these values, the server says which tools it has.",
    "A wrong value is refused. So the right one made the difference.",
  ]) {
    await page.getByText(proof).waitFor();
  }
  await press(page, "Continue");
  await page.getByLabel("Everyone").check();
  await press(page, "Save");
  await heading(page, "notes is ready");
}

async function signInAtTheIssuer({ keyward, visitor }: World): Promise<Page> {
  const page = await visitor();
  await page.goto(keyward.url);
  await follow(page, "Continue with Example");
  await heading(page, "My connections");
  await page.getByText(GRACE.email).waitFor();
  return page;
}

/** Gives an app Keyward's URL and nothing else: it opens the browser, where the person allows it. */
async function connectApp(page: Page, { keyward }: World, onUrl: (url: string) => "accept"): Promise<Window> {
  const { url: redirectUrl, callback } = await listenForCallback();
  const app = new OauthApp({ redirectUrl });
  const open = (): Window => {
    const window = openWindow("SDK v2 modern", `${keyward.url}/mcp`, app, { onUrl });
    onTestFinished(() => window.close().catch(() => {}));
    return window;
  };
  const first = open();
  await expect(first.connect()).rejects.toThrow(/unauthorized/i);
  await page.goto(app.sentTo?.href ?? "");
  await heading(page, "Allow Test app?");
  await press(page, "Allow");
  await first.finish(await callback);
  const window = open();
  await window.connect();
  return window;
}

async function fillIn(page: Page, title: string, value: string): Promise<void> {
  await heading(page, title);
  await page.getByLabel("API key", { exact: true }).fill(value);
  await press(page, "Verify and store");
  await heading(page, "notes is connected");
}

beforeAll(async () => {
  if (chromiumPath !== null) browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

/** What an administrator reads of it, in the dashboard and on the command line: what happened, and never a value. */
async function readTheLog(admin: Page, { keyward, folder }: World): Promise<void> {
  await follow(admin, "Go to My connections");
  await follow(admin, "Audit");
  for (const sentence of [
    "Grace Hopper stored values for notes",
    "Grace Hopper changed their values for notes",
    "Grace Hopper revoked their connection to notes",
  ]) {
    await admin.getByRole("button", { name: sentence }).first().waitFor();
  }
  await press(admin, "Verify the chain");
  await admin.getByText("The log is as it was written").waitFor();
  expect(betrays(Buffer.from(await admin.content()))).toBe(false);

  await follow(admin, "Settings");
  await press(admin, "Create a token");
  await admin.getByLabel("Name").fill("command line");
  await press(admin, "Create token");
  const token = await admin.getByRole("dialog").locator("code").textContent();
  const env = { KEYWARD_URL: keyward.url, KEYWARD_ADMIN_TOKEN: token ?? "" };
  const { exitCode, stdout } = await runKeyward(["audit", "verify"], { cwd: folder, env });
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/log +intact/)]);
}

describe.skipIf(chromiumPath === null)("from nothing to a key that is used, changed and revoked", () => {
  it("leads each of them through the pages alone", { timeout: 120_000 }, async () => {
    const world = await createWorld();
    const { keyward, upstream, goodValue } = world;
    const admin = await becomeFirstAdmin(world);
    await addServer(admin, world);

    const grace = await signInAtTheIssuer(world);
    await grace.getByRole("button", { name: "Connect notes" }).waitFor();

    const links: string[] = [];
    const app = await connectApp(grace, world, (url) => {
      links.push(url);
      return "accept";
    });
    expect(await app.listTools()).toContain("notes-whoami");

    const [first, second] = [goodValue("first"), goodValue("second")];
    const held = app.callTool("notes-whoami");
    const link = await vi.waitFor(() => {
      expect(links).toHaveLength(1);
      return links[0] ?? "";
    });
    await grace.goto(link);
    await fillIn(grace, "Connect to notes", first);
    expect(await held).toContain(fingerprint(first));

    await grace.goto(keyward.url);
    await press(grace, "Edit notes");
    await fillIn(grace, "Change your values for notes", second);
    expect(await app.callTool("notes-whoami")).toContain(fingerprint(second));

    await grace.goto(keyward.url);
    await press(grace, "More for notes");
    await grace.getByRole("menuitem", { name: "Revoke" }).click();
    await press(grace, "Revoke");
    await grace.getByRole("button", { name: "Connect notes" }).waitFor();
    upstream.received.length = 0;
    const asked = app.callTool("notes-whoami");
    await vi.waitFor(() => expect(links).toHaveLength(2));
    expect([links[1] === link, upstream.received]).toEqual([false, []]);

    await readTheLog(admin, world);
    await grace.goto(links[1] ?? "");
    await fillIn(grace, "Connect to notes", second);
    expect(await asked).toContain(fingerprint(second));

    await app.close();
    expect(await keyward.kill("SIGTERM")).toBe(0);
    expect(betrays(Buffer.from(keyward.output()))).toBe(false);
  });
});
