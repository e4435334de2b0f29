import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { ADA, BOB, me, OPTIONS, person, SIGNED_OUT } from "./dashboard-data.ts";
import { expectShown, useDashboard } from "./dashboard-visits.ts";
import { ok, refused, type StubDashboard } from "./stub-dashboard.ts";

const ENTERED = ok({ user: person(ADA), csrf_token: "csrf-of-the-test" });

/** Nobody is signed in until one of these calls is made. */
function signedOutUntil(gateway: StubDashboard, call: string): void {
  gateway.api.set("GET /api/v1/me", SIGNED_OUT);
  gateway.api.set(call, () => {
    gateway.api.set("GET /api/v1/me", me(ADA));
    return ENTERED;
  });
}

function bodyOf(gateway: StubDashboard, call: string): unknown {
  return gateway.requests.find((request) => request.call === call)?.body;
}

describe.skipIf(chromiumPath === null)("the way into the dashboard", () => {
  const visit = useDashboard();

  it("leads whoever is not signed in to sign in, and then to where they were going", async () => {
    const { page, gateway } = await visit();
    signedOutUntil(gateway, "POST /api/v1/session");
    await page.goto(`${gateway.origin}/apps?from=mail`);
    await page.getByLabel("E-mail address").fill(" ada@example.com ");
    expect(page.url()).toBe(`${gateway.origin}/sign-in?next=%2Fapps%3Ffrom%3Dmail`);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Connected apps" }).waitFor();
    expect(page.url()).toBe(`${gateway.origin}/apps?from=mail`);
    expect(bodyOf(gateway, "POST /api/v1/session")).toEqual({
      email: "ada@example.com",
      password: "correct horse battery",
    });
  });

  it("goes by the browser itself where the next page is not one of the dashboard", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/sign-in?next=/connect/flow_1`);
    await page.waitForURL(`${gateway.origin}/connect/flow_1`);
    expect(await page.title()).toContain("Keyward");
    expect(await page.locator("#root").count()).toBe(0);
  });

  it.each(["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)", "/\t/evil.example"])(
    "never leads to another site: next=%s",
    async (next) => {
      const { page, gateway } = await visit();
      await page.goto(`${gateway.origin}/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByRole("heading", { name: "My connections" }).waitFor();
      expect(page.url()).toBe(`${gateway.origin}/`);
    },
  );

  it("offers single sign-on where there is one, with the way back", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    gateway.api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, sso: { label: "Example SSO" } }));
    await page.goto(`${gateway.origin}/keys`);
    const link = page.getByRole("link", { name: "Continue with Example SSO" });
    expect(await link.getAttribute("href")).toBe("/api/v1/sso?next=%2Fkeys");
  });

  it("says nothing that the address bar brought along", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    await page.goto(
      `${gateway.origin}/sign-in?error=${encodeURIComponent("Call 555-0100 and tell them your password")}`,
    );
    await page.getByRole("alert").getByText("Single sign-on failed.").waitFor();
    expect(await page.getByText("555-0100").count()).toBe(0);
  });

  it("leads everybody to setup while there is no administrator, and takes the token of the link out of the address bar", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, setup_open: true }));
    signedOutUntil(gateway, "POST /api/v1/setup/admin");
    await page.goto(`${gateway.origin}/keys`);
    await page.waitForURL(`${gateway.origin}/setup`);

    await page.goto("about:blank");
    await page.goto(`${gateway.origin}/setup#t=kws_of-the-terminal`);
    await page.getByLabel("Your name").fill("Ada Lovelace");
    expect(page.url()).toBe(`${gateway.origin}/setup`);
    expect(await page.getByLabel("Setup token").inputValue()).toBe("kws_of-the-terminal");
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    gateway.api.set("GET /api/v1/me", me(ADA, []));
    await page.getByRole("button", { name: "Create administrator" }).click();
    await page.getByRole("heading", { name: "My connections" }).waitFor();
    expect(bodyOf(gateway, "POST /api/v1/setup/admin")).toEqual({
      setup_token: "kws_of-the-terminal",
      name: "Ada Lovelace",
      email: "ada@example.com",
      password: "correct horse battery",
    });
  });

  it("A19: the token of an invitation is in no address, history, storage or header, only in the body that needs it", async () => {
    const { page, gateway } = await visit();
    const token = "kwi_of-the-link";
    signedOutUntil(gateway, "POST /api/v1/invites/accept");
    gateway.api.set(
      "POST /api/v1/invites/view",
      ok({ name: ADA.name, email: ADA.email, expires_at: Date.now() + 864e5 }),
    );
    const urls: string[] = [];
    page.on("request", (request) => urls.push(request.url()));
    await page.goto(`${gateway.origin}/invite#t=${token}`);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Set password and sign in" }).click();
    await page.getByRole("heading", { name: "My connections" }).waitFor();

    expect(bodyOf(gateway, "POST /api/v1/invites/view")).toEqual({ token });
    expect(bodyOf(gateway, "POST /api/v1/invites/accept")).toEqual({ token, password: "correct horse battery" });
    expect(urls.slice(1).filter((url) => url.includes(token))).toEqual([]);
    expect(
      await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, history.state])"),
    ).not.toContain(token);
    await page.goBack().catch(() => null);
    expect(page.url()).not.toContain(token);
  });

  it("asks for the invitation's link again after a reload", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    gateway.api.set(
      "POST /api/v1/invites/view",
      ok({ name: BOB.name, email: BOB.email, expires_at: Date.now() + 864e5 }),
    );
    await page.goto(`${gateway.origin}/invite#t=kwi_1`);
    await page.getByText("Welcome to Keyward").waitFor();
    await page.reload();
    await expectShown(page.getByText("Open your link again"));
  });

  it("leads back to the sign-in page when the session has ended meanwhile", async () => {
    const { page, gateway } = await visit();
    await page.goto(`${gateway.origin}/`);
    await expectShown(page.getByRole("heading", { name: "My connections" }));
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    gateway.api.set("GET /api/v1/apps", SIGNED_OUT);
    await page.getByRole("link", { name: "Connected apps" }).click();
    await page.waitForURL(`${gateway.origin}/sign-in?next=%2Fapps`);
  });

  it("signs out, and keeps nothing of whoever was signed in", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("DELETE /api/v1/session", () => {
      gateway.api.set("GET /api/v1/me", SIGNED_OUT);
      return { status: 204 };
    });
    await page.goto(`${gateway.origin}/`);
    await page.getByRole("button", { name: "Account: Ada Lovelace" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("E-mail address").waitFor();
    expect(gateway.requests.find(({ call }) => call === "DELETE /api/v1/session")?.csrf).toBe("csrf-of-the-test");
    await page.goBack();
    await page.getByLabel("E-mail address").waitFor();
    expect(await page.getByText("Ada Lovelace").count()).toBe(0);
  });

  it("shows a user no page of administrators, and names none", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", me(BOB));
    for (const path of ["/servers", "/people", "/audit", "/settings"]) {
      await page.goto(gateway.origin + path);
      await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    }
    expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
      "My connections",
      "Connect a client",
      "Virtual keys",
      "Connected apps",
    ]);
  });

  it("asks whoever is led to a consent page to sign in first, and answers only when told to", async () => {
    const { page, gateway } = await visit();
    signedOutUntil(gateway, "POST /api/v1/session");
    await page.goto(`${gateway.origin}/consent/uid_1`);
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Allow Claude Code?" }).waitFor();
    expect(bodyOf(gateway, "POST /api/v1/oauth/consent/uid_1")).toBeUndefined();
    await page.getByRole("button", { name: "Deny" }).click();
    await page.getByRole("heading", { name: "Connect a client" }).waitFor();
    expect(bodyOf(gateway, "POST /api/v1/oauth/consent/uid_1")).toEqual({ decision: "deny" });
  });

  it("says why a sign-in failed, keeps what was typed, and lets it be tried again", async () => {
    const { page, gateway } = await visit();
    gateway.api.set("GET /api/v1/me", SIGNED_OUT);
    gateway.api.set("POST /api/v1/session", refused(401, "sign_in_failed", "E-mail address or password is wrong."));
    await page.goto(`${gateway.origin}/sign-in`);
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("E-mail address or password is wrong.").waitFor();
    expect(await page.getByLabel("E-mail address").inputValue()).toBe("ada@example.com");
    signedOutUntil(gateway, "POST /api/v1/session");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "My connections" }).waitFor();
  });
});
