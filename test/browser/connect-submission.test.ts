import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import {
  aFlow,
  GATEWAY_NOW,
  heading,
  LINK_TOKEN,
  linkOf,
  ok,
  openWithKey,
  SCENES,
  shown,
  stored,
} from "./connect-scenes.ts";
import { refusal, type StubAnswer, type StubGateway } from "./stub-gateway.ts";
import { useVisits } from "./visits.ts";

const GONE = refusal("flow_not_found", "This link is unknown.", 404);
const BUSY = refusal("flow_busy", "These values are being verified right now.", 409);

async function submit(page: Page): Promise<void> {
  await page.getByLabel("API key", { exact: true }).fill("a-typed-value");
  await page.getByRole("button", { name: "Verify and store" }).click();
}

/** Opens the form, then submits it to a gateway that answers `answer` and from then on shows `flow`. */
async function submitTo(page: Page, gateway: StubGateway, answer: StubAnswer | "lost", flow: StubAnswer = ok(aFlow())) {
  gateway.answers.flow = ok(aFlow());
  gateway.answers.submit = answer;
  await openWithKey(page, gateway);
  await heading(page).filter({ hasText: "tracker" }).waitFor();
  gateway.answers.flow = flow;
  await submit(page);
}

const inputValues = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>("[...document.querySelectorAll('input')].map((input) => input.value)");

describe.skipIf(chromiumPath === null)("a submission on the connect page", () => {
  const visit = useVisits();

  it("says in plain words whether the values were proven or only accepted", async () => {
    const { page, gateway } = await visit();
    await submitTo(page, gateway, stored("proven"));
    expect(await shown(page.getByText("The server refused a wrong value and accepted yours."))).toBe(true);
    expect(
      await shown(
        page.getByText("You can close this page and go back to your client. A call that waits goes on by itself"),
      ),
    ).toBe(true);

    const other = await visit();
    await submitTo(other.page, other.gateway, stored("accepted"));
    expect(await shown(other.page.getByText("accepted your values, but it may accept any"))).toBe(true);
  });

  it("says how many attempts are left after a refusal, with an empty form", async () => {
    const { page, gateway } = await visit();
    const refused = refusal("upstream_rejected", "The server refused these values.", 422, { attempts_left: 1 });
    await submitTo(page, gateway, refused, ok(aFlow({ attempts_left: 1 })));
    await page.getByText("Nothing was stored; 1 attempt is left.").waitFor();
    expect(await inputValues(page)).toEqual(["", ""]);
  });

  it.each([
    ["connect", "It refused them as soon as Keyward connected. Nothing was stored; 2 attempts are left."],
    ["list_tools", "It let Keyward in, but would not list its tools. Nothing was stored; 2 attempts are left."],
    ["probe_tool", "It listed its tools, but refused a call of one. Nothing was stored; 2 attempts are left."],
    ["a later one", "Nothing was stored; 2 attempts are left."],
  ])("says at which step the server refused: %s", async (step, sentence) => {
    const { page, gateway } = await visit();
    const refused = refusal("upstream_rejected", "The server refused these values.", 422, { step });
    await submitTo(page, gateway, refused, ok(aFlow({ attempts_left: 2 })));
    expect(await shown(page.getByText(sentence, { exact: true }))).toBe(true);
  });

  it("closes the link after the last refusal", async () => {
    const { page, gateway } = await visit();
    const refused = refusal("upstream_rejected", "The server refused these values.", 422, { attempts_left: 0 });
    await submitTo(page, gateway, refused, GONE);
    expect(await shown(page.getByText("This link is closed"))).toBe(true);
    expect(await shown(page.getByText("The server refused these values."))).toBe(true);
  });

  it.each([
    ["upstream_unreachable", 503],
    ["credential_store_unavailable", 503],
    ["upstream_redirected", 422],
    ["rate_limited", 429],
    ["internal", 500],
  ])("says what %s means and offers the form again", async (code, status) => {
    const { page, gateway } = await visit();
    await submitTo(page, gateway, refusal(code, `What ${code} means.`, status));
    expect(await shown(page.getByText(`What ${code} means.`))).toBe(true);
    expect(await inputValues(page)).toEqual(["", ""]);
  });

  it("closes the link when the server was changed meanwhile", async () => {
    const { page, gateway } = await visit();
    await submitTo(page, gateway, refusal("schema_changed", "The server was changed meanwhile.", 409), GONE);
    expect(await shown(page.getByText("The server was changed meanwhile."))).toBe(true);
    expect(await shown(page.getByText("get a new link"))).toBe(true);
  });

  it("closes the link when it was used or expired meanwhile", async () => {
    const { page, gateway } = await visit();
    await submitTo(page, gateway, GONE, GONE);
    expect(await shown(page.getByText("This link cannot be used"))).toBe(true);
  });

  it("shows an error of the gateway at the input that it names, with the focus", async () => {
    const { page, gateway } = await visit();
    const message = "The value of x-api-key is empty.";
    await submitTo(page, gateway, refusal("invalid_header_value", message, 400, { field: "x-api-key" }));
    expect(await shown(page.locator("#field-0:focus"))).toBe(true);
    expect(await page.locator("#field-0").getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator("#field-0-error").textContent()).toBe(message);
  });

  it("lists the inputs that the gateway misses", async () => {
    const { page, gateway } = await visit();
    const details = { fields: ["x-api-key", "x-tenant"] };
    await submitTo(page, gateway, refusal("missing_header_values", "Required values are missing.", 400, details));
    await page.getByRole("link", { name: "Tenant id: Required values are missing." }).click();
    expect(await shown(page.locator("#field-1:focus"))).toBe(true);
  });

  it("follows the submission of another tab to its end", async () => {
    const { page, gateway } = await visit();
    await page.clock.install();
    gateway.answers.status = ok({ state: "verifying" });
    await submitTo(page, gateway, BUSY);
    expect(await shown(page.getByText("Values are being verified"))).toBe(true);
    await page.clock.runFor(4500);
    gateway.answers.status = ok({ state: "completed" });
    await page.clock.runFor(2500);
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
  });

  it("shows the form again when the submission of another tab failed", async () => {
    const { page, gateway } = await visit();
    await page.clock.install();
    await SCENES["verified-elsewhere"]?.play(page, gateway);
    expect(await shown(page.getByText("Values are being verified"))).toBe(true);
    gateway.answers.flow = ok(aFlow());
    gateway.answers.status = ok({ state: "pending" });
    await page.clock.runFor(2500);
    expect(await shown(page.getByText("Connect to tracker"))).toBe(true);
  });

  it.each([
    ["the values were stored", ok({ state: "completed" }), "tracker is connected"],
    ["nothing was stored", ok({ state: "pending" }), "The connection broke."],
    ["the link is gone", GONE, "it works, or it gives you a new link"],
    ["its proof is gone", refusal("opener_unknown", "Prove it.", 401), "it works, or it gives you a new link"],
  ])("finds out what became of a lost answer: %s", async (_name, status, sentence) => {
    const { page, gateway } = await visit();
    await page.clock.install();
    await submitTo(page, gateway, "lost");
    expect(await shown(page.getByText("Asking what became of it"))).toBe(true);
    gateway.answers.status = "lost";
    await page.clock.runFor(2500);
    gateway.answers.status = status;
    await page.clock.runFor(2500);
    expect(await shown(page.getByText(sentence))).toBe(true);
  });

  describe("in time", () => {
    const line = (page: Page) => page.getByRole("timer");
    const announced = (page: Page) => page.locator("#status");

    it("counts down by the gateway's clock and is silent until the last two minutes", async () => {
      const { page, gateway } = await visit();
      await page.clock.install({ time: Date.UTC(2040, 0, 1) });
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await line(page).filter({ hasText: "in 14 min." }).waitFor();
      await page.clock.runFor(11 * 60_000);
      await line(page).filter({ hasText: "in 3 min." }).waitFor();
      expect(await announced(page).textContent()).toBe("");
      await page.clock.runFor(90_000);
      await line(page)
        .filter({ hasText: /in 1 min [0-9]+ s\./ })
        .waitFor();
      expect(await announced(page).textContent()).toBe("This link expires within two minutes.");
    });

    it("goes on, with what was typed, when the link was prolonged meanwhile", async () => {
      const { page, gateway } = await visit();
      await page.clock.install();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await page.getByLabel("API key", { exact: true }).fill("half a v");
      const now = GATEWAY_NOW + 14 * 60_000;
      gateway.answers.flow = ok(aFlow({ now, expires_at: now + 5 * 60_000 }));
      await page.clock.runFor(14 * 60_000 + 1000);
      await page.clock.runFor(2000);
      await line(page).filter({ hasText: "in 5 min." }).waitFor();
      expect(await page.getByLabel("API key", { exact: true }).inputValue()).toBe("half a v");
    });

    it("expires with nothing left of what was typed", async () => {
      const { page, gateway } = await visit();
      await page.clock.install();
      gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
      await page.goto(linkOf(gateway, LINK_TOKEN));
      await page.getByRole("button", { name: "Yes, go on" }).click();
      await page.getByLabel("API key", { exact: true }).fill("half a v");
      gateway.answers.flow = GONE;
      await page.clock.runFor(14 * 60_000 + 1000);
      expect(await shown(page.getByText("This link has expired"))).toBe(true);
      expect(await inputValues(page)).toEqual([]);
    });
  });
});
