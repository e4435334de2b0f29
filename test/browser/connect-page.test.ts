import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import {
  aFlow,
  API_KEY_FIELD,
  FLOW_ID,
  GATEWAY_NOW,
  heading,
  KEYWARD_KEY,
  LINK_TOKEN,
  linkOf,
  openWithKey,
  SCENES,
  shown,
  stored,
  TENANT_FIELD,
} from "./connect-scenes.ts";
import { refusal, type SeenRequest } from "./stub-gateway.ts";
import { useVisits } from "./visits.ts";

const apiCalls = (requests: readonly SeenRequest[]): SeenRequest[] =>
  requests.filter(({ path }) => path.startsWith("/api/"));

const ok = (body: object) => ({ status: 200, body });

describe.skipIf(chromiumPath === null)("the connect page", () => {
  const visit = useVisits();

  describe("proof", () => {
    it("asks the gateway for nothing before there is a proof", async () => {
      const { page, gateway } = await visit();
      await page.goto(linkOf(gateway));
      await page.getByLabel("Keyward key").fill("   ");
      await page.getByRole("button", { name: "Continue" }).click();
      expect(await shown(page.getByText("This value is needed.", { exact: true }))).toBe(true);
      expect(apiCalls(gateway.requests)).toEqual([]);
    });

    it.each([
      ["a link token", LINK_TOKEN, undefined, { authorization: `Keyward-Temp-Token ${LINK_TOKEN}` }],
      ["a pasted virtual key", undefined, `  ${KEYWARD_KEY} `, { authorization: `Bearer ${KEYWARD_KEY}` }],
      ["any other pasted value", undefined, "s".repeat(40), { "keyward-session": "s".repeat(40) }],
    ])("sends %s in its own header, and no other", async (_name, token, pasted, expected) => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow());
      await page.goto(linkOf(gateway, token));
      if (pasted !== undefined) {
        await page.getByLabel("Keyward key").fill(pasted);
        await page.getByRole("button", { name: "Continue" }).click();
      }
      expect(await shown(page.getByText("Connect to tracker"))).toBe(true);
      const [call] = apiCalls(gateway.requests);
      expect(call?.path).toBe(`/api/v1/flows/${FLOW_ID}`);
      const { authorization, "keyward-session": session } = call?.headers ?? {};
      expect(JSON.parse(JSON.stringify({ authorization, "keyward-session": session }))).toEqual(expected);
    });

    it("lets another key be tried when the first was not the right one", async () => {
      const { page, gateway } = await visit();
      await SCENES["unknown"]?.play(page, gateway);
      await page.getByRole("button", { name: "Try another key" }).click();
      expect(await page.getByLabel("Keyward key").inputValue()).toBe("");
    });

    it("asks for the key when the link's token is not accepted", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = refusal("opener_unknown", "Prove that this link is yours.", 401);
      await page.goto(linkOf(gateway, LINK_TOKEN));
      expect(await shown(page.getByText("The link alone is not enough"))).toBe(true);
      expect(await shown(page.getByLabel("Keyward key"))).toBe(true);
    });

    it("offers another try when the gateway does not answer", async () => {
      const { page, gateway } = await visit();
      await SCENES["offline"]?.play(page, gateway);
      expect(await shown(page.getByRole("button", { name: "Try again" }))).toBe(true);
      gateway.answers.flow = ok(aFlow());
      await page.getByRole("button", { name: "Try again" }).click();
      expect(await shown(page.getByText("Connect to tracker"))).toBe(true);
    });
  });

  describe("form", () => {
    it("says where the values go, for whom, and who asked when", async () => {
      const { page, gateway } = await visit({ timezoneId: "UTC", locale: "en-GB" });
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await heading(page).filter({ hasText: "tracker" }).waitFor();
      expect(await page.locator(".plate strong").textContent()).toBe("https://mcp.tracker.example.com");
      expect(await page.locator("dd").allTextContents()).toEqual([
        "virtual key Ada's laptop",
        "a client that calls itself claude-code 2.1.4, from 203.0.113.9 at 10:41",
        "x-workspace, set by the administrator",
      ]);
    });

    it("says what is not known, and when the way is not encrypted", async () => {
      const { page, gateway } = await visit({ timezoneId: "UTC", locale: "en-GB" });
      gateway.answers.flow = ok(
        aFlow({
          server: { name: "local", url_origin: "http://127.0.0.1:9000" },
          identity: { auth_mode: "session", id: "ses_1", name: null },
          requested_by: { client_name: null, client_version: null, address: null },
          static_header_names: [],
          proof: "session",
        }),
      );
      await openWithKey(page, gateway);
      expect(await shown(page.getByText("not encrypted"))).toBe(true);
      expect(await page.locator("dd").allTextContents()).toEqual([
        "session ses_1",
        "a client that gave no name at 10:41",
      ]);
    });

    it("has one labelled input for each field, hidden when secret, with help", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      const secret = page.getByLabel("API key", { exact: true });
      expect(await secret.getAttribute("type")).toBe("password");
      expect(await page.getByLabel("Tenant id optional").getAttribute("type")).toBe("text");
      for (const [name, value] of [
        ["autocomplete", "off"],
        ["autocapitalize", "off"],
        ["spellcheck", "false"],
        ["data-1p-ignore", ""],
      ] as const) {
        expect(await secret.getAttribute(name)).toBe(value);
      }
      expect(await shown(page.getByText(API_KEY_FIELD.help))).toBe(true);
      const link = page.getByRole("link", { name: "Get it at tracker.example.com" });
      expect(await link.getAttribute("href")).toBe(API_KEY_FIELD.help_url);
      expect(await link.getAttribute("rel")).toBe("noopener noreferrer");
      expect(await link.getAttribute("target")).toBe("_blank");
    });

    it("shows and hides a secret", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      const secret = page.getByLabel("API key", { exact: true });
      await page.getByRole("button", { name: "Show API key" }).click();
      expect(await secret.getAttribute("type")).toBe("text");
      await page.getByRole("button", { name: "Hide API key" }).click();
      expect(await secret.getAttribute("type")).toBe("password");
    });

    it("says that lines are joined when several are pasted", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await heading(page).filter({ hasText: "tracker" }).waitFor();
      const paste = (text: string) =>
        page.evaluate(`{
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", ${JSON.stringify(text)});
          document.querySelector("input").dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }`);
      await paste("one line\n");
      expect(await page.getByText("several lines").count()).toBe(0);
      await paste("one\ntwo");
      expect(await shown(page.getByText("several lines"))).toBe(true);
    });

    it("keeps what is on file when an input is left empty", async () => {
      const { page, gateway } = await visit();
      await SCENES["edit"]?.play(page, gateway);
      gateway.answers.submit = stored("proven");
      expect(await page.getByText("On file. Leave empty to keep it.").count()).toBe(2);
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("Enter at least one value.", { exact: true }))).toBe(true);
      await page.getByLabel("Tenant id").fill("t-2");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("tracker is connected"))).toBe(true);
      expect(apiCalls(gateway.requests).at(-1)?.body).toBe(`{"headers":{"x-tenant":"t-2"}}`);
    });

    it.each([
      ["active", "stay in use until new ones are accepted"],
      ["rejected", "are refused by the server now"],
      ["needs_update", "are no longer enough"],
    ])("says how it stands with stored values that are %s", async (status, sentence) => {
      const { page, gateway } = await visit({ locale: "en-GB" });
      gateway.answers.flow = ok(aFlow({ credential: { status, updated_at: GATEWAY_NOW - 9e9 } }));
      await openWithKey(page, gateway);
      expect(await shown(page.getByText(`Your values of 22 October 2000 ${sentence}`))).toBe(true);
    });

    it("submits only after the confirmation when the link alone was the proof", async () => {
      const { page, gateway } = await visit();
      await SCENES["form-with-token"]?.play(page, gateway);
      gateway.answers.submit = stored("proven");
      await page.getByLabel("API key", { exact: true }).fill("v-1");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.locator("input[type=checkbox]:focus"))).toBe(true);
      expect(await shown(page.getByText("Tick the box to confirm.", { exact: true }))).toBe(true);
      expect(apiCalls(gateway.requests).map(({ method }) => method)).toEqual(["GET"]);
      expect(await page.getByLabel("API key", { exact: true }).inputValue()).toBe("v-1");

      await page.getByLabel("I asked for this link.").check();
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("tracker is connected"))).toBe(true);
    });

    it("sends nothing that a header cannot carry, and keeps what was typed", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await page.getByLabel("API key", { exact: true }).fill("schlüssel");
      await page.getByRole("button", { name: "Verify and store" }).click();
      await page.locator(".error", { hasText: "a header cannot carry" }).waitFor();
      const input = page.locator("input:focus");
      expect(await input.getAttribute("aria-invalid")).toBe("true");
      expect(await input.inputValue()).toBe("schlüssel");
      expect(apiCalls(gateway.requests).map(({ method }) => method)).toEqual(["GET"]);
    });

    it("lists several errors, each leading to its input", async () => {
      const { page, gateway } = await visit();
      await SCENES["form-errors"]?.play(page, gateway);
      await page.getByRole("link", { name: "API key: This value is needed." }).click();
      expect(await shown(page.locator("#field-0:focus"))).toBe(true);
      expect(page.url()).toBe(linkOf(gateway));
    });

    it("sends a header that is called __proto__ like any other", async () => {
      const { page, gateway } = await visit();
      const fields = [{ ...TENANT_FIELD, name: "__proto__", display_name: "__proto__", label: "Odd" }];
      gateway.answers.flow = ok(aFlow({ fields }));
      gateway.answers.submit = stored("proven");
      await openWithKey(page, gateway);
      await page.getByLabel("Odd").fill("v");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("tracker is connected"))).toBe(true);
      expect(apiCalls(gateway.requests).at(-1)?.body).toBe(`{"headers":{"__proto__":"v"}}`);
    });
  });
});
