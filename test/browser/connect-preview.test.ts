import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { build } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { dashboardPolicy } from "../../src/http/page-headers.ts";
import { chromiumPath } from "./chromium.ts";
import { aFlow, heading, ok, openWithKey, REGION_FIELD, shown, TENANT_FIELD, TOKEN_FIELD } from "./connect-scenes.ts";
import type { StubGateway } from "./stub-gateway.ts";
import { useVisits } from "./visits.ts";

const PREVIEW = new URL("../../web/connect/preview.ts", import.meta.url).pathname;

/** As the administrator declares them. */
const FIELDS = [TOKEN_FIELD, REGION_FIELD, TENANT_FIELD].map((field) => ({ ...field, name: field.display_name }));

const SHOW = `(fields, name = "tracker") => {
  const root = document.querySelector("#host").shadowRoot ?? document.querySelector("#host").attachShadow({ mode: "open" });
  preview.renderPreview(root, { name, url_origin: "https://mcp.tracker.example.com", header_schema: fields });
}`;

describe.skipIf(chromiumPath === null)("the preview of the connect page", () => {
  const visit = useVisits();
  let script = "";

  beforeAll(async () => {
    const built = await build({
      configFile: false,
      logLevel: "error",
      build: { write: false, minify: false, lib: { entry: PREVIEW, formats: ["iife"], name: "preview" } },
    });
    const [output] = [built].flat();
    const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
    script = chunk?.type === "chunk" ? chunk.code : "";
  });

  /** A page under the dashboard's policy, with a preview in it. */
  async function host(page: Page, gateway: StubGateway, theme = "light"): Promise<void> {
    await page.route(`${gateway.origin}/`, (route) =>
      route.fulfill({
        headers: { "Content-Type": "text/html", "Content-Security-Policy": dashboardPolicy("n") },
        body: `<!doctype html><html lang="en" data-theme="${theme}"><title>Editor</title>
<link rel="stylesheet" href="/assets/connect/connect.css"><main><h1>Editor</h1><div id="host"></div></main>
<script src="/preview.js"></script></html>`,
      }),
    );
    await page.route(`${gateway.origin}/preview.js`, (route) =>
      route.fulfill({ headers: { "Content-Type": "text/javascript" }, body: script }),
    );
    await page.goto(gateway.origin);
  }

  const show = (page: Page, fields: object[], name?: string) =>
    page.evaluate(`(${SHOW})(...${JSON.stringify([fields, name].filter((part) => part !== undefined))})`);

  it("is the form that people will see, to the letter", async () => {
    const { page, gateway, context } = await visit();
    await host(page, gateway);
    await show(page, FIELDS);
    await page.getByLabel("Access token", { exact: true }).waitFor();
    const previewed = await page.evaluate<string>(
      `document.querySelector("#host").shadowRoot.querySelector("form").outerHTML`,
    );

    const real = await context.newPage();
    gateway.answers.flow = ok(aFlow({ fields: [TOKEN_FIELD, REGION_FIELD, TENANT_FIELD] }));
    await openWithKey(real, gateway);
    await heading(real).filter({ hasText: "Connect to tracker" }).waitFor();
    expect(previewed).toBe(await real.evaluate<string>(`document.querySelector("form").outerHTML`));
    const height = (element: string) => `${element}.getBoundingClientRect().height`;
    expect(await page.evaluate(height(`document.querySelector("#host").shadowRoot.querySelector(".input")`))).toBe(
      await real.evaluate(height(`document.querySelector(".input")`)),
    );
  });

  it("judges what is typed, and sends nothing", async () => {
    const { page, gateway } = await visit();
    await host(page, gateway);
    await show(page, FIELDS);
    await page.getByLabel("Region").selectOption("us-east");
    await page.getByLabel("Access token", { exact: true }).fill("nonsense");
    await page.getByRole("button", { name: "Verify and store" }).click();
    expect(await shown(page.locator("#field-0-error", { hasText: TOKEN_FIELD.pattern_hint }))).toBe(true);
    await page.getByLabel("Access token", { exact: true }).fill("Bearer pat_12345678");
    await page.getByRole("button", { name: "Verify and store" }).click();
    expect(await shown(page.getByText("In the preview nothing is sent."))).toBe(true);
    expect(gateway.requests.filter(({ path }) => path.startsWith("/api/"))).toEqual([]);
    expect(page.url()).toBe(`${gateway.origin}/`);
  });

  it("follows the editor, with defaults for what is not declared yet", async () => {
    const { page, gateway } = await visit();
    await host(page, gateway);
    await show(page, FIELDS);
    await show(page, [{ name: "X-New" }, { name: "X-Zone", choices: ["a"], required: false }], "other");
    expect(await shown(page.getByText("Connect to other"))).toBe(true);
    expect(await page.locator("#host input").getAttribute("type")).toBe("password");
    expect(await page.locator("#host label").allTextContents()).toEqual(["X-New", "X-Zone optional"]);
    expect(await page.locator("#host form").count()).toBe(1);
  });

  it.each(["light", "dark"])("has no axe violation in the %s theme of the page around it", async (theme) => {
    const { page, gateway } = await visit({ bypassCSP: true });
    await host(page, gateway, theme);
    await show(page, FIELDS);
    await page.getByLabel("Region").waitFor();
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`))).toEqual([]);
  });
});
