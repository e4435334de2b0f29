import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import {
  aFlow,
  API_KEY_FIELD,
  GATEWAY_NOW,
  heading,
  KEYWARD_KEY,
  LINK_TOKEN,
  linkOf,
  OF_ADA,
  ok,
  openWithKey,
  REGION_FIELD,
  shown,
  stored,
  TOKEN_FIELD,
} from "./connect-scenes.ts";
import { refusal, startForeignSite } from "./stub-gateway.ts";
import { useVisits } from "./visits.ts";

const BUILT = new URL("../../dist/web/connect/", import.meta.url);
const MARKUP = `<img src=x onerror="alert(1)">`;
const BIDI = "\u202e\u2066\u200f\u061c";
const HOSTILE = `${MARKUP}${BIDI}a\u0000\u0007b\u200b${"A\u0301\u0302\u0303\u0304\u0305".repeat(20)}${"x".repeat(10_000)}`;
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** Everything that outlives the page's script, or that a neighbour could read. */
const keptByBrowser = (page: Page): Promise<string> =>
  page.evaluate<string>(`(async () => JSON.stringify([
    location.href, document.referrer, document.cookie, { ...localStorage }, { ...sessionStorage }, history.state, name,
    await indexedDB.databases(), await caches?.keys?.(), document.documentElement.outerHTML,
    Object.values(window).filter((value) => typeof value === "string"),
  ]))()`);

/** The address of every history entry. What was typed by hand into the address bar is the browser's own to keep. */
async function historyOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send("Page.getNavigationHistory");
  return entries.map(({ url }) => url);
}

describe.skipIf(chromiumPath === null)("the connect page under attack", () => {
  const visit = useVisits();

  // Its cross-site requests are the API's to refuse.
  it("A17: framed by another site it shows nothing", async () => {
    const { gateway, context } = await visit();
    const site = await startForeignSite(`<iframe src="${linkOf(gateway, LINK_TOKEN)}"></iframe>`);
    const page = await context.newPage();
    await page.goto(site.origin);
    await expect.poll(() => page.frames()[1]?.url()).toBe("chrome-error://chromewebdata/");
    expect(gateway.requests.map(({ path }) => path).filter((path) => path.startsWith("/api/"))).toEqual([]);
    await site.close();
  });

  it("A17: opened by another site it has no opener to talk to", async () => {
    const { gateway, context } = await visit();
    const site = await startForeignSite(`<button onclick="window.open('${linkOf(gateway)}')">open</button>`);
    const page = await context.newPage();
    await page.goto(site.origin);
    const [popup] = await Promise.all([context.waitForEvent("page"), page.getByRole("button").click()]);
    await heading(popup).filter({ hasText: "Is this link yours?" }).waitFor();
    expect(await popup.evaluate("window.opener")).toBeNull();
    await site.close();
  });

  it("A17: a form cannot be made to send what is typed anywhere by the browser itself", async () => {
    const { gateway, context } = await visit();
    gateway.answers.flow = ok(aFlow());
    const page = await context.newPage();
    await openWithKey(page, gateway);
    await page.getByLabel("API key", { exact: true }).fill("v-1");
    const before = gateway.requests.length;
    const refused = page.waitForEvent("console", (message) => message.text().includes("form-action 'none'"));
    // As a script of the page would be made to: past the listener that takes what was typed.
    await page.evaluate(`HTMLFormElement.prototype.submit.call(document.forms[0])`);
    await refused;
    expect(gateway.requests.length).toBe(before);
  });

  const HOSTILE_FIELDS = [
    { ...API_KEY_FIELD, display_name: HOSTILE, label: HOSTILE, help: HOSTILE, template: `${HOSTILE}{value}${HOSTILE}` },
    { ...REGION_FIELD, display_name: HOSTILE, label: HOSTILE, choices: [HOSTILE, `${HOSTILE}2`] },
    { ...TOKEN_FIELD, label: HOSTILE, pattern_hint: HOSTILE, template: null },
  ];
  const HOSTILE_FLOW = {
    server: { name: HOSTILE, url_origin: `https://${HOSTILE}` },
    identity: { auth_mode: "virtual_key", id: HOSTILE, name: HOSTILE },
    requested_by: { client_name: HOSTILE, client_version: HOSTILE, address: HOSTILE },
    fields: HOSTILE_FIELDS,
    static_header_names: [HOSTILE, HOSTILE],
    credential: { status: "active", updated_at: GATEWAY_NOW, set_from: { client: HOSTILE, address: HOSTILE } },
  };

  async function expectHarmless(page: Page, atLeast: number): Promise<void> {
    expect(await page.locator("img").count()).toBe(0);
    const texts = await page
      .locator("main :is(bdi, code, label, option, dd, a, .around, .problem li)")
      .allTextContents();
    expect(texts.length).toBeGreaterThanOrEqual(atLeast);
    for (const text of [...texts, await page.title()]) {
      expect(text).not.toMatch(INVISIBLE);
      expect(text).not.toMatch(/\p{M}{3}/u);
      expect(text.length).toBeLessThan(520);
    }
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  }

  it("A18: hostile names are shown as text, cleaned and cut", async () => {
    const { page, gateway } = await visit({ viewport: { width: 320, height: 640 } });
    gateway.answers.flow = ok(aFlow({ ...HOSTILE_FLOW, proof: "temp_token" }));
    await page.goto(linkOf(gateway, LINK_TOKEN));
    await page.getByRole("button", { name: "Yes, go on" }).waitFor();
    await expectHarmless(page, 5);
    await page.getByRole("button", { name: "Yes, go on" }).click();
    await heading(page).filter({ hasText: MARKUP }).waitFor();
    await expectHarmless(page, 20);
    await page.getByRole("button", { name: "Verify and store" }).click();
    await page.getByText("Please look at these again").waitFor();
    await expectHarmless(page, 24);
  });

  it("A18: the hint of a pattern is shown as text, cleaned and cut, as an error too", async () => {
    const { page, gateway } = await visit({ viewport: { width: 320, height: 640 } });
    gateway.answers.flow = ok(aFlow({ fields: [{ ...TOKEN_FIELD, pattern_hint: HOSTILE, template: null }] }));
    await openWithKey(page, gateway);
    await page.getByLabel("Access token", { exact: true }).fill("x");
    await page.getByRole("button", { name: "Verify and store" }).click();
    const error = (await page.locator("#field-0-error").textContent()) ?? "";
    expect(error).toContain(MARKUP);
    expect(error.length).toBeLessThan(320);
    await expectHarmless(page, 3);
    gateway.answers.submit = refusal("invalid_header_value", HOSTILE, 400, { field: "authorization" });
    await page.getByLabel("Access token", { exact: true }).fill("pat_12345678");
    await page.getByRole("button", { name: "Verify and store" }).click();
    await page.getByText("That did not work").waitFor();
    await expectHarmless(page, 3);
    expect(await page.locator(".problem").first().textContent()).not.toMatch(INVISIBLE);
  });

  it("A18: whoever is signed in has a hostile name", async () => {
    const { page, gateway } = await visit({ viewport: { width: 320, height: 640 } });
    gateway.answers.me = ok({ user: { name: HOSTILE, email: HOSTILE }, csrf_token: "c" });
    gateway.answers.flow = ok(aFlow(OF_ADA));
    await page.goto(linkOf(gateway));
    await heading(page).filter({ hasText: "tracker" }).waitFor();
    await expectHarmless(page, 3);
    gateway.answers.flow = refusal("flow_not_found", "Gone.", 404);
    await page.reload();
    await page.getByText("You are signed in as").waitFor();
    const said = (await page.locator("main p").first().textContent()) ?? "";
    expect(said.length).toBeLessThan(300);
    expect(said).not.toMatch(INVISIBLE);
  });

  it.each(["javascript:alert(1)", "http://tracker.example.com/", "https://", " javascript:alert(1)"])(
    "A18: a help link to %s is no link",
    async (help_url) => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow({ fields: [{ ...API_KEY_FIELD, help_url }] }));
      await openWithKey(page, gateway);
      expect(await shown(page.getByText(API_KEY_FIELD.help))).toBe(true);
      expect(await page.locator("a").count()).toBe(0);
    },
  );

  it("A19: the token is nowhere but in the Authorization header", async () => {
    const { page, gateway, context } = await visit();
    gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
    gateway.answers.submit = stored("proven");
    await page.goto(linkOf(gateway, LINK_TOKEN));
    await page.getByRole("button", { name: "Yes, go on" }).waitFor();
    expect(page.url()).toBe(linkOf(gateway));
    expect(await keptByBrowser(page)).not.toContain(LINK_TOKEN);
    expect(await historyOf(page)).toEqual(["about:blank", linkOf(gateway)]);
    expect(await context.cookies()).toEqual([]);

    await page.getByRole("button", { name: "Yes, go on" }).click();
    await page.getByLabel("API key", { exact: true }).fill("v-1");
    await page.getByRole("button", { name: "Verify and store" }).click();
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
    expect(await keptByBrowser(page)).not.toContain(LINK_TOKEN);
    expect(await keptByBrowser(page)).not.toContain("v-1");
    for (const { path, body, headers } of gateway.requests) {
      const { authorization, ...others } = headers;
      expect(others["referer"]).toBeUndefined();
      expect(JSON.stringify([path, body, others])).not.toContain(LINK_TOKEN);
      expect(authorization).toBe(path.startsWith("/api/") ? `Keyward-Temp-Token ${LINK_TOKEN}` : undefined);
    }
  });

  it("A19: a pasted key is nowhere but in the Authorization header", async () => {
    const { page, gateway } = await visit();
    gateway.answers.flow = ok(aFlow());
    await openWithKey(page, gateway);
    await heading(page).filter({ hasText: "tracker" }).waitFor();
    expect(await keptByBrowser(page)).not.toContain(KEYWARD_KEY);
    for (const { path, body } of gateway.requests) expect(path + body).not.toContain(KEYWARD_KEY);
  });

  it("A19: the same link opened again in the same tab leaves no token behind either", async () => {
    const { page, gateway } = await visit();
    const second = LINK_TOKEN.replace("tttt", "uuuu");
    gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
    await page.goto(linkOf(gateway, LINK_TOKEN));
    await page.getByRole("button", { name: "Yes, go on" }).waitFor();
    await page.goto(linkOf(gateway, second));
    await expect.poll(() => gateway.requests.at(-1)?.headers["authorization"]).toBe(`Keyward-Temp-Token ${second}`);
    await expect.poll(() => page.url()).toBe(linkOf(gateway));
    expect(await historyOf(page)).toEqual(["about:blank", linkOf(gateway), linkOf(gateway)]);
  });

  it("A19: a page that lost its token by a reload asks for the key", async () => {
    const { page, gateway } = await visit();
    gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
    await page.goto(linkOf(gateway, LINK_TOKEN));
    await page.getByRole("button", { name: "Yes, go on" }).waitFor();
    await page.reload();
    expect(await shown(page.getByLabel("Virtual key"))).toBe(true);
    expect(await keptByBrowser(page)).not.toContain(LINK_TOKEN);
  });

  it("A19: back and forward show empty inputs", async () => {
    const { page, gateway } = await visit();
    gateway.answers.flow = ok(aFlow());
    await openWithKey(page, gateway);
    await page.getByLabel("API key", { exact: true }).fill("v-1");
    await page.goto(`${gateway.origin}/connect/another`);
    await page.getByLabel("Virtual key").fill("v-2");
    for (const go of ["goBack", "goForward"] as const) {
      await page[go]();
      await page.locator("input").first().waitFor();
      const values = await page.evaluate<string[]>("[...document.querySelectorAll('input')].map((i) => i.value)");
      expect(values.join("")).toBe("");
    }
  });

  it("A19: a page that goes into the back/forward cache empties its inputs", async () => {
    const { page, gateway } = await visit();
    gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
    await page.goto(linkOf(gateway, LINK_TOKEN));
    await page.getByRole("button", { name: "Yes, go on" }).click();
    await page.getByLabel("API key", { exact: true }).fill("v-1");
    await page.evaluate(`dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }))`);
    expect(await page.getByLabel("API key", { exact: true }).inputValue()).toBe("");
  });
});

describe("what the connect page consists of", () => {
  const files = readdirSync(BUILT).map((name) => ({ name, bytes: readFileSync(new URL(name, BUILT)) }));

  it("is less than 15 kB to transfer", () => {
    expect(files.map(({ name }) => name)).toContain("index.html");
    const total = files.reduce((sum, { bytes }) => sum + gzipSync(bytes).length, 0);
    expect(total).toBeLessThan(15_000);
  });

  it("names no other origin, and writes no markup", () => {
    for (const { name, bytes } of files) {
      const text = bytes.toString();
      expect(text.match(/\b(?:https?:)?\/\/[a-z0-9]/gi) ?? [], name).toEqual([]);
      expect(text, name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(/);
      expect(text, name).not.toMatch(/localStorage|sessionStorage|document\.cookie|indexedDB/);
    }
  });
});
