import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../browser/chromium.ts";
import { fingerprint } from "../fixtures/header-upstream.ts";
import { type AnyClientKind, connectClient } from "../helpers/mcp-clients.ts";
import { setScene } from "../helpers/scene.ts";

/* What it is all for: an official client opens the link by itself, a person fills in the form, and the call answers. */

describe.skipIf(chromiumPath === null)("a client that opens the link in a browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(() => browser.close());

  async function fillForm(url: string, key: string, value: string): Promise<void> {
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByRole("textbox").first().fill(key);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("X-API-Key", { exact: true }).fill(value);
    await page.getByRole("button", { name: "Verify and store" }).click();
    await page.getByText("The server refused a wrong value and accepted yours.").waitFor();
    await page.close();
  }

  it.each<AnyClientKind>(["SDK v2 modern", "SDK v2 auto"])("%s: one call, one form, one answer", async (kind) => {
    const scene = await setScene();
    const { alice, gateway } = scene;
    const value = scene.goodValue("alice");
    const visits: Promise<void>[] = [];
    const client = await connectClient(kind, `${gateway.url}/mcp`, alice.key, {
      onUrl: (url) => {
        visits.push(fillForm(url, alice.key, value));
        return "accept";
      },
    });
    expect(await client.callTool("notes-whoami")).toMatchObject({ isError: false, text: fingerprint(value) });
    expect(visits).toHaveLength(1);
    await Promise.all(visits);
    await client.close();
    await scene.close();
  });
});
