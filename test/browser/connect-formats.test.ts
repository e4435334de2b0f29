import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { aFlow, heading, ok, openWithKey, REGION_FIELD, SCENES, shown, stored, TOKEN_FIELD } from "./connect-scenes.ts";
import type { StubGateway } from "./stub-gateway.ts";
import { useVisits } from "./visits.ts";

const verify = (page: Page): Promise<void> => page.getByRole("button", { name: "Verify and store" }).click();

const submitted = ({ requests }: StubGateway): string | undefined =>
  requests.findLast(({ method }) => method === "PUT")?.body;

describe.skipIf(chromiumPath === null)("a field with a format on the connect page", () => {
  const visit = useVisits();

  async function open(...fields: object[]): Promise<{ readonly page: Page; readonly gateway: StubGateway }> {
    const { page, gateway } = await visit();
    gateway.answers.flow = ok(aFlow({ fields }));
    gateway.answers.submit = stored("proven");
    await openWithKey(page, gateway);
    await heading(page).filter({ hasText: "tracker" }).waitFor();
    return { page, gateway };
  }

  it("shows the template around the input, and sends what was typed", async () => {
    const { page, gateway } = await open(TOKEN_FIELD);
    expect(await page.locator(".around").allTextContents()).toEqual(["Bearer"]);
    await page.getByLabel("Access token", { exact: true }).fill("pat_12345678");
    await verify(page);
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
    expect(submitted(gateway)).toBe(`{"headers":{"authorization":"pat_12345678"}}`);
  });

  it.each([
    ["Bearer pat_12345678", "pat_12345678"],
    [" bearer  pat_12345678 ", "pat_12345678"],
  ])("takes %j for what it is, and says so", async (pasted, value) => {
    const { page, gateway } = await open(TOKEN_FIELD);
    const input = page.getByLabel("Access token", { exact: true });
    await input.fill(pasted);
    expect(await shown(page.getByText("Bearer was there already, so it is not sent twice."))).toBe(true);
    expect(await input.inputValue()).toBe(value);
    await verify(page);
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
    expect(submitted(gateway)).toBe(`{"headers":{"authorization":"pat_12345678"}}`);
  });

  it("lets the name of a scheme be typed without taking it away", async () => {
    const { page } = await open({ ...TOKEN_FIELD, pattern: null, pattern_hint: null });
    const input = page.getByLabel("Access token", { exact: true });
    await input.pressSequentially("bearer");
    expect(await input.inputValue()).toBe("bearer");
    await verify(page);
    expect(await shown(page.getByText("This value is needed.", { exact: true }))).toBe(true);
  });

  it("judges a pattern before anything is sent, and says its hint once", async () => {
    const { page, gateway } = await open(TOKEN_FIELD);
    const hint = page.getByText(TOKEN_FIELD.pattern_hint, { exact: true });
    expect(await hint.count()).toBe(1);
    await page.getByLabel("Access token", { exact: true }).fill("pat_1234567!");
    await verify(page);
    expect(await shown(page.locator("#field-0-error", { hasText: TOKEN_FIELD.pattern_hint }))).toBe(true);
    expect(await hint.filter({ visible: true }).count()).toBe(1);
    expect(submitted(gateway)).toBeUndefined();
    await page.getByLabel("Access token", { exact: true }).fill("pat_12345678");
    await verify(page);
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
  });

  it("judges a pattern without a hint too, and leaves one that it cannot read to the gateway", async () => {
    const { page, gateway } = await open({ ...TOKEN_FIELD, pattern_hint: null });
    await page.getByLabel("Access token", { exact: true }).fill("x");
    await verify(page);
    expect(await shown(page.getByText("This does not look like what is expected here.", { exact: true }))).toBe(true);
    expect(submitted(gateway)).toBeUndefined();
    const other = await open({ ...TOKEN_FIELD, pattern: "(?<later>x)" });
    await other.page.getByLabel("Access token", { exact: true }).fill("x");
    await verify(other.page);
    expect(await shown(other.page.getByText("tracker is connected"))).toBe(true);
  });

  it("is not held up by a pattern that was made to run for ever", async () => {
    const { page } = await open({ ...TOKEN_FIELD, pattern: "(a+)+b" });
    await page.getByLabel("Access token", { exact: true }).fill("a".repeat(8192));
    await verify(page);
    expect(await shown(page.locator("#field-0-error", { hasText: "begins with pat_" }))).toBe(true);
  });

  it("offers choices, of which one must be taken when the field is required", async () => {
    const { page, gateway } = await open(REGION_FIELD);
    const region = page.getByLabel("Region");
    expect(await region.locator("option").allTextContents()).toEqual(["Choose", "eu-central", "us-east", "ap-south"]);
    await verify(page);
    expect(await shown(page.getByText("Choose one of these.", { exact: true }))).toBe(true);
    await region.selectOption("ap-south");
    await verify(page);
    expect(await shown(page.getByText("tracker is connected"))).toBe(true);
    expect(submitted(gateway)).toBe(`{"headers":{"x-region":"ap-south"}}`);
  });

  it("offers none of its choices when it is optional", async () => {
    const { page } = await open(TOKEN_FIELD, { ...REGION_FIELD, required: false });
    expect(await page.locator("option").first().textContent()).toBe("None");
  });

  it("asks again for a value that is older than the format", async () => {
    const { page, gateway } = await visit();
    await SCENES["edit-outdated"]?.play(page, gateway);
    expect(await shown(page.getByText("What is expected here has changed: enter your value again."))).toBe(true);
    await verify(page);
    expect(await shown(page.locator("#field-0-error", { hasText: "This value is needed." }))).toBe(true);
  });
});
