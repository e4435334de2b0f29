import { describe, expect, it } from "vitest";
import { useAdmin } from "./admin-visits.ts";
import { aCrowdedWorld } from "./admin-world.ts";
import { chromiumPath } from "./chromium.ts";
import { expectShown } from "./dashboard-visits.ts";
import { ok, refused } from "./stub-dashboard.ts";

const LIST = "GET /api/v1/credentials";
const REVOKE = "POST /api/v1/credentials/revoke";

describe.skipIf(chromiumPath === null)("connections of everybody", () => {
  const visit = useAdmin();

  it("are found by server, state, kind and a part of their names, and the address keeps what was chosen", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/connections`);
    await page.getByLabel("Server", { exact: true }).selectOption("tracker");
    await page.getByLabel("Status", { exact: true }).selectOption({ label: "Rejected (1)" });
    await page.getByLabel("Kind").selectOption("Person");
    await page.getByLabel("Search connections").fill("bob");
    await expect.poll(() => page.url()).toContain("q=bob");
    await expectShown(page.getByRole("link", { name: "Bob Fisher" }));
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    const query = sent(LIST).at(-1)?.query;
    expect(Object.fromEntries(query ?? [])).toEqual({
      server: "srv_tracker",
      status: "rejected",
      auth_mode: "user",
      q: "bob",
      limit: "200",
    });

    await page.reload();
    await expectShown(page.getByRole("link", { name: "Bob Fisher" }));
    expect(await page.getByLabel("Search connections").inputValue()).toBe("bob");
    await page.getByLabel("Search connections").fill("nobody at all");
    await page.getByRole("button", { name: "Clear search" }).click();
    await expectShown(page.getByRole("link", { name: "Nightly agent" }));
    expect(new URL(page.url()).search).toBe("");
  });

  it("show dates, where from and names of fields, and lead to their life; a value is nowhere", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/connections`);
    await page.getByRole("link", { name: "Ada Lovelace" }).first().click();
    const panel = page.getByRole("dialog", { name: "Connection" });
    await expectShown(panel.getByText("x-region"));
    await expectShown(panel.getByText("From Firefox on Linux, 203.0.113.9"));
    await expectShown(panel.getByText("27 Nov 2026, 11:58").first());
    expect(page.url()).toContain("connection=cred_1");
    await panel.getByRole("link", { name: "In the audit log" }).click();
    await page.getByRole("heading", { name: "The life of a connection" }).waitFor();
    expect(page.url()).toContain("/audit?credential=cred_1");
  });

  it("are revoked many at once, after a question that says how many people that is", async () => {
    const { page, gateway, sent, world } = await visit();
    await page.goto(`${gateway.origin}/connections`);
    await page.getByLabel("Select the connection of Ada Lovelace to tracker").check();
    await page.getByLabel("Select the connection of Ada Lovelace to billing").check();
    await page.getByLabel("Select the connection of Bob Fisher to tracker").check();
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await expectShown(page.getByText("Revoke 3 connections?"));
    await expectShown(page.getByText("The values that 2 people stored are deleted"));
    expect(sent(REVOKE)).toEqual([]);
    const lists = sent(LIST).length;
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await expectShown(page.getByText("3 connections are revoked."));
    expect(sent(REVOKE).map(({ body }) => body)).toEqual([{ ids: ["cred_1", "cred_2", "cred_5"] }]);
    expect(world.credentials).toHaveLength(5);
    await expect.poll(() => page.getByRole("link", { name: "Ada Lovelace" }).count()).toBe(0);
    // The list at hand is corrected; it is not read again.
    expect(sent(LIST)).toHaveLength(lists);
  });

  it("stay as they are when revoking fails, and the dialog says why", async () => {
    const { page, gateway } = await visit();
    gateway.api.set(REVOKE, refused(503, "credential_store_unavailable", "The credential store is not available."));
    await page.goto(`${gateway.origin}/connections`);
    await page.getByLabel("Select the connection of Ada Lovelace to tracker").check();
    await page.getByRole("button", { name: "Revoke", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await expectShown(page.getByRole("dialog").getByText("The credential store is not available."));
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await expectShown(page.getByRole("link", { name: "Ada Lovelace" }).first());
  });

  it("name the next page by hand once it could not be loaded", async () => {
    const { page, gateway } = await visit({ world: aCrowdedWorld(1000) });
    const answer = gateway.api.get("*");
    gateway.api.set(LIST, (request) => {
      if (request.query.has("cursor")) return refused(400, "invalid_request", "no");
      return typeof answer === "function" ? answer(request) : ok({});
    });
    await page.goto(`${gateway.origin}/connections`);
    await page.getByText("200 loaded so far").waitFor();
    await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)");
    await page.getByRole("button", { name: "Loading more failed. Try again" }).waitFor();
    gateway.api.delete(LIST);
    await page.getByRole("button", { name: "Loading more failed. Try again" }).click();
    await expectShown(page.getByText("400 loaded so far"));
  });

  it("are a hundred thousand, and however far they are scrolled, few are in the document", async () => {
    const { page, gateway, sent } = await visit({
      world: aCrowdedWorld(100_000),
      viewport: { width: 1280, height: 800 },
    });
    await page.goto(`${gateway.origin}/connections`);
    await page.getByText("200 loaded so far").waitFor();
    const nodes = () => page.evaluate<number>("document.querySelectorAll('*').length");
    const atFirst = await nodes();

    // As somebody who drags the scroll bar down and waits there.
    await page.evaluate("scrolling = setInterval(() => scrollTo(0, document.documentElement.scrollHeight), 16)");
    await expect.poll(() => sent(LIST).length, { timeout: 60_000 }).toBeGreaterThan(50);
    await page.evaluate("clearInterval(scrolling)");
    const cursors = sent(LIST).map(({ query }) => query.get("cursor"));
    expect(new Set(cursors).size).toBe(cursors.length);
    await expectShown(page.getByRole("link", { name: /Person \d{4,}/ }).first());
    expect(await nodes()).toBeLessThan(atFirst * 2);

    await page.getByLabel("Status", { exact: true }).selectOption("rejected");
    await expect.poll(() => page.getByText("Active", { exact: true }).count()).toBe(0);
    expect(sent(LIST).length - cursors.length).toBeLessThan(4);
  }, 90_000);
});
