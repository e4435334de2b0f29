import { describe, expect, it } from "vitest";
import { useAdmin } from "./admin-visits.ts";
import { chromiumPath } from "./chromium.ts";
import { expectShown } from "./dashboard-visits.ts";
import { ok } from "./stub-dashboard.ts";

const LIST = "GET /api/v1/audit";

describe.skipIf(chromiumPath === null)("the audit log in the dashboard", () => {
  const visit = useAdmin();

  it("tells what happened in sentences, with names instead of ids", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/audit`);
    for (const sentence of [
      "Ada Lovelace stored values for tracker",
      "Bob Fisher tried to open the link of Ada Lovelace to tracker",
      "Somebody failed to sign in as Bob Fisher",
      "tracker rejected the stored values of Bob Fisher, when asked for the tools",
      "Gus Moreau added Fay Lindqvist to the group Engineering",
      "Gus Moreau deleted the server old_wiki",
      "Gus Moreau changed tracker: header fields",
      "Ada Lovelace allowed the app Claude Code to act for them",
      "The tools of tracker have changed: search, whoami, close_issue and 1 more",
      "Keyward set Keyward up",
    ]) {
      await expectShown(page.getByRole("button", { name: sentence, exact: true }));
    }
  });

  it("is asked for what is chosen, keeps it in the address, and exports the same", async () => {
    const { page, gateway, sent } = await visit({ timezoneId: "Europe/Berlin" });
    await page.goto(`${gateway.origin}/audit`);
    await page.getByLabel("Event", { exact: true }).selectOption("Values stored");
    await page.getByLabel("Server", { exact: true }).selectOption("tracker");
    await page.getByLabel("Outcome").selectOption("Done");
    await page.getByLabel("From").fill("2026-10-01");
    await page.getByLabel("Until").fill("2026-10-31");
    await page.getByRole("button", { name: "About somebody" }).click();
    await page.getByLabel("Bob Fisher").check();
    await page.getByRole("button", { name: "Choose" }).click();
    await expectShown(page.getByText("About Bob Fisher"));
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    const asked = {
      action: "credential.stored",
      server: "srv_tracker",
      auth_mode: "user",
      identity: "usr_bob",
      outcome: "ok",
      // The days of whoever looks: summer time ends in between.
      since: String(Date.UTC(2026, 8, 30, 22)),
      until: String(Date.UTC(2026, 9, 31, 23)),
    };
    expect(Object.fromEntries(sent(LIST).at(-1)?.query ?? [])).toEqual({ ...asked, limit: "100" });
    const href = (await page.getByRole("link", { name: "Export" }).getAttribute("href")) ?? "";
    const exported = new URL(href, gateway.origin);
    expect(exported.pathname).toBe("/api/v1/audit");
    expect(Object.fromEntries(exported.searchParams)).toEqual({ ...asked, format: "jsonl" });

    await page.reload();
    await expectShown(page.getByText("About Bob Fisher"));
    await expectShown(page.getByRole("button", { name: "Bob Fisher stored values for tracker" }));
  });

  it("shows everything that an event says, and leads to others like it", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/audit`);
    await page.getByRole("button", { name: "Ada Lovelace stored values for tracker" }).click();
    const panel = page.getByRole("dialog", { name: "Values stored" });
    await expectShown(panel.getByText("x-api-key, x-region"));
    await expectShown(panel.getByText("203.0.113.9"));
    await expectShown(panel.getByText(", Firefox on Linux"));
    await panel.getByRole("button", { name: "Only events by them" }).click();
    await expectShown(page.getByText("By Ada Lovelace"));
    expect(sent(LIST).at(-1)?.query.get("actor")).toBe("user:usr_ada");
  });

  it("tells the life of a connection from its request on, with what changes of many meant for it", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/audit?credential=cred_2`);
    await page.getByRole("heading", { name: "The life of a connection" }).waitFor();
    const life = page.getByRole("list", { name: "Life of the connection" });
    await expectShown(life.getByText("Access was lost. The values are kept, unused."));
    const told = await life.getByRole("button").allTextContents();
    expect(told.at(0)).toContain("rejected the stored values");
    expect(told.at(-1)).toContain("values");
    expect(sent(LIST).at(-1)?.query.get("credential")).toBe("cred_2");
  });

  it("is verified as a whole, and says where it was altered", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/audit`);
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await expectShown(page.getByText("The log is as it was written"));
    await expectShown(page.getByText(/^25 events, none changed or removed/));
    gateway.api.set(
      "GET /api/v1/audit/verify",
      ok({ intact: false, events: 11, broken_at: 12, last_hash: "ab".repeat(32) }),
    );
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await expectShown(page.getByText("Event 12 is not, or one before it is missing."));
  });
});

describe.skipIf(chromiumPath === null)("settings", () => {
  const visit = useAdmin();

  it("show an admin token once", async () => {
    const { page, gateway, world } = await visit();
    await page.goto(`${gateway.origin}/settings`);
    await page.getByRole("button", { name: "Create a token" }).click();
    await page.getByLabel("Name").fill("ci");
    await page.getByRole("button", { name: "Create token" }).click();
    await expectShown(page.getByText(/^kwa_t+/));
    await page.keyboard.press("Escape");
    await expectShown(page.getByText(/^kwa_t+/));
    await page.getByRole("button", { name: "I have copied it" }).click();
    await expect.poll(() => page.getByRole("dialog").count()).toBe(0);
    expect(await page.content()).not.toContain("kwa_t");
    await expectShown(page.getByText("ci", { exact: true }));

    await page.getByRole("button", { name: "Revoke ci" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await expectShown(page.getByText("The token is revoked."));
    expect(world.tokens.map(({ name }) => name)).toEqual(["deployment pipeline", "backup"]);
  });

  it("say which checks the configuration weakens, and why OAuth is off", async () => {
    const { page, gateway, world } = await visit();
    const reason = "The address is plain http.";
    Object.assign(world.settings, { oauth: { enabled: false, reason }, warnings: ["A check is weakened."] });
    await page.goto(`${gateway.origin}/settings`);
    await expectShown(page.getByText("A check is weakened."));
    await expectShown(page.getByText(`${reason} Clients connect with a virtual key.`));
  });
});
