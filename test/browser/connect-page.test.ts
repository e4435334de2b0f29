import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import {
  ADA,
  aFlow,
  API_KEY_FIELD,
  FLOW_ID,
  GATEWAY_NOW,
  heading,
  KEYWARD_KEY,
  LINK_TOKEN,
  linkOf,
  ok,
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

describe.skipIf(chromiumPath === null)("the connect page", () => {
  const visit = useVisits();

  describe("proof", () => {
    it("lets whoever is not signed in choose: sign in, or paste the key", async () => {
      const { page, gateway } = await visit();
      await page.goto(linkOf(gateway));
      expect(await page.getByRole("link", { name: "Sign in" }).getAttribute("href")).toBe(
        `/sign-in?next=%2Fconnect%2F${FLOW_ID}`,
      );
      await page.getByLabel("Virtual key").fill("   ");
      await page.getByRole("button", { name: "Continue" }).click();
      expect(await shown(page.getByText("This value is needed.", { exact: true }))).toBe(true);
      const [asked, ...more] = apiCalls(gateway.requests);
      expect([asked?.method, asked?.headers["authorization"], more]).toEqual(["GET", undefined, []]);
    });

    it("offers no sign-in where the gateway has none", async () => {
      const { page, gateway } = await visit();
      await SCENES["need-key"]?.play(page, gateway);
      expect(await page.getByRole("link").count()).toBe(0);
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
        await page.getByLabel("Virtual key").fill(pasted);
        await page.getByRole("button", { name: "Continue" }).click();
      }
      expect(await shown(page.getByText("Connect to tracker"))).toBe(true);
      const call = apiCalls(gateway.requests).at(-1);
      expect(call?.path).toBe(`/api/v1/flows/${FLOW_ID}`);
      const { authorization, "keyward-session": session, "keyward-csrf": csrf } = call?.headers ?? {};
      expect(JSON.parse(JSON.stringify({ authorization, "keyward-session": session, csrf }))).toEqual(expected);
    });

    it("of who is signed in is the cookie, and the token of this page goes with what is submitted", async () => {
      const { page, gateway } = await visit();
      await SCENES["form-signed-in"]?.play(page, gateway);
      expect(await page.locator("dd").first().textContent()).toBe("Ada Lovelace (ada@example.com)");
      gateway.answers.submit = stored("proven");
      await page.getByLabel("API key", { exact: true }).fill("v-1");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("See, change or revoke these values"))).toBe(true);
      expect(await page.getByRole("link", { name: "My connections" }).getAttribute("href")).toBe("/");
      const submitted = gateway.requests.find(({ method }) => method === "PUT");
      expect(submitted?.headers["keyward-csrf"]).toBe("csrf-of-ada");
      expect(submitted?.headers["authorization"]).toBeUndefined();
    });

    it("by the cookie goes on when the token of the page has become another, without an attempt", async () => {
      const { page, gateway } = await visit();
      await SCENES["form-signed-in"]?.play(page, gateway);
      gateway.answers.submit = refusal("csrf_failed", "The request does not come from a page of this gateway.", 403);
      const values = page.getByLabel("API key", { exact: true });
      await values.fill("v-1");
      gateway.answers.me = { status: 200, body: { ...(ADA.body as object), csrf_token: "another" } };
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("does not come from a page of this gateway"))).toBe(true);
      gateway.answers.submit = stored("proven");
      await values.fill("v-1");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("tracker is connected"))).toBe(true);
      expect(gateway.requests.filter(({ method }) => method === "PUT").at(-1)?.headers["keyward-csrf"]).toBe("another");
    });

    it("says as whom somebody is signed in whose link it is not, and takes a key instead", async () => {
      const { page, gateway } = await visit();
      await SCENES["unknown-signed-in"]?.play(page, gateway);
      expect(await shown(page.getByText("You are signed in as ada@example.com."))).toBe(true);
      await page.getByRole("button", { name: "Use a virtual key" }).click();
      gateway.answers.flow = ok(aFlow());
      await page.getByLabel("Virtual key").fill(KEYWARD_KEY);
      await page.getByRole("button", { name: "Continue" }).click();
      expect(await shown(page.getByText("Connect to tracker"))).toBe(true);
      expect(gateway.requests.at(-1)?.headers["keyward-csrf"]).toBeUndefined();
      expect(await page.getByText("Signed in as").count()).toBe(0);
    });

    it("lets another key be tried when the first was not the right one", async () => {
      const { page, gateway } = await visit();
      await SCENES["unknown"]?.play(page, gateway);
      await page.getByRole("button", { name: "Try another key" }).click();
      expect(await page.getByLabel("Virtual key").inputValue()).toBe("");
    });

    it("asks for the key when the link's token is not accepted", async () => {
      const { page, gateway } = await visit();
      gateway.answers.flow = refusal("opener_unknown", "Prove that this link is yours.", 401);
      await page.goto(linkOf(gateway, LINK_TOKEN));
      expect(await shown(page.getByText("The link alone is not enough"))).toBe(true);
      expect(await shown(page.getByLabel("Virtual key"))).toBe(true);
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
        "claude-code 2.1.4, as it calls itself, from 203.0.113.9, 1 minute ago",
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
        "a client that gave no name, 1 minute ago",
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
      expect(await shown(page.getByText("On file. Leave it empty to keep it."))).toBe(true);
      expect(await page.locator("option").first().textContent()).toBe("Keep what is on file");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("Enter at least one value.", { exact: true }))).toBe(true);
      await page.getByLabel("Region").selectOption("us-east");
      await page.getByRole("button", { name: "Verify and store" }).click();
      expect(await shown(page.getByText("tracker is connected"))).toBe(true);
      expect(apiCalls(gateway.requests).at(-1)?.body).toBe(`{"headers":{"x-region":"us-east"}}`);
    });

    it.each([
      ["active", "stay in use until the server has accepted new ones"],
      ["rejected", "The server refuses the values on file now"],
      ["needs_update", "are no longer enough"],
    ])("says how it stands with stored values that are %s", async (status, sentence) => {
      const { page, gateway } = await visit({ locale: "en-GB" });
      gateway.answers.flow = ok(aFlow({ credential: { status, updated_at: GATEWAY_NOW - 9e9 } }));
      await openWithKey(page, gateway);
      expect(await shown(page.getByText(sentence))).toBe(true);
      expect(await page.locator("dd").last().textContent()).toBe("set on 22 October 2000");
    });

    it.each([
      [30_000, { client: "Firefox", address: "203.0.113.9" }, "set a moment ago from Firefox, 203.0.113.9"],
      [125_000, { client: "Firefox", address: "203.0.113.9" }, "set 2 minutes ago from Firefox, 203.0.113.9"],
      [3_700_000, { client: null, address: "203.0.113.9" }, "set 1 hour ago from 203.0.113.9"],
      [2 * 86_400_000, null, "set 2 days ago"],
      [2 * 86_400_000, undefined, "set 2 days ago"],
    ])("says when and from where what is on file was set: %i ms, %j", async (age, set_from, sentence) => {
      const { page, gateway } = await visit();
      const credential = { status: "active", updated_at: GATEWAY_NOW - age, set_from };
      gateway.answers.flow = ok(aFlow({ credential }));
      await openWithKey(page, gateway);
      await heading(page).filter({ hasText: "Change your values" }).waitFor();
      expect(await page.locator("dd").last().textContent()).toBe(sentence);
    });

    it.each([
      ["the link alone was the proof", "confirm-link", "Yes, go on"],
      ["somebody else's account was the proof", "confirm-for-another", "Go on"],
    ])("can be filled only after a confirmation when %s", async (_what, scene, button) => {
      const { page, gateway } = await visit();
      await SCENES[scene]?.play(page, gateway);
      await page.getByRole("button", { name: button }).waitFor();
      expect(await page.locator("input").count()).toBe(0);
      expect(await page.locator("dd").allTextContents()).toEqual(
        expect.arrayContaining([
          "virtual key Ada's laptop",
          "claude-code 2.1.4, as it calls itself, from 203.0.113.9, 1 minute ago",
        ]),
      );
      await page.getByRole("button", { name: button }).click();
      gateway.answers.submit = refusal("upstream_rejected", "Refused.", 422, { attempts_left: 4 });
      await page.getByLabel("API key", { exact: true }).fill("v-1");
      await page.getByRole("button", { name: "Verify and store" }).click();
      // What was confirmed once need not be confirmed again.
      expect(await shown(page.getByText("The server refused these values"))).toBe(true);
      expect(await shown(page.getByLabel("API key", { exact: true }))).toBe(true);
    });

    it("is never shown to whoever says not to have asked", async () => {
      const { page, gateway } = await visit();
      await SCENES["declined"]?.play(page, gateway);
      expect(await shown(page.getByText("they may be after your key"))).toBe(true);
      expect(await page.locator("input, button").count()).toBe(0);
      expect(apiCalls(gateway.requests).map(({ method }) => method)).toEqual(["GET"]);
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
      expect(apiCalls(gateway.requests).filter(({ method }) => method !== "GET")).toEqual([]);
    });

    it("lists several errors, each leading to its input", async () => {
      const { page, gateway } = await visit();
      await SCENES["form-errors"]?.play(page, gateway);
      await page.getByRole("link", { name: "Region: Choose one of these." }).click();
      expect(await shown(page.locator("#field-1:focus"))).toBe(true);
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
