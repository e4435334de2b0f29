import type { Page } from "playwright-core";
import { ADA, BOB, CONSENT, me, OPTIONS, SIGNED_OUT, wellApi } from "./dashboard-data.ts";
import { ok, refused, type StubDashboard } from "./stub-dashboard.ts";

export interface Scene {
  readonly path: string;
  /** What differs from a gateway where everything is there and well, and the administrator Ada is signed in. */
  readonly api?: (api: StubDashboard["api"]) => void;
  readonly as?: typeof ADA;
  /** What is done before the scene is looked at. */
  readonly act?: (page: Page) => Promise<unknown>;
  /** Text that stands on the page when the scene is set. */
  readonly shows: string;
}

const nobody = (api: StubDashboard["api"]): void => void api.set("GET /api/v1/me", SIGNED_OUT);
const broken = refused(
  503,
  "credential_store_unavailable",
  "The credential store is not available right now. Try again later.",
);
const nothing = ok({ items: [], next_cursor: null });

/** Opens the page with a gateway that answers as the scene wants. */
export async function play(scene: Scene, page: Page, gateway: StubDashboard): Promise<void> {
  for (const [call, reply] of wellApi(scene.as ?? ADA)) gateway.api.set(call, reply);
  scene.api?.(gateway.api);
  await page.goto(gateway.origin + scene.path);
  await scene.act?.(page);
  await page.getByText(scene.shows).first().waitFor();
}

const press = (name: string | RegExp) => (page: Page) => page.getByRole("button", { name }).first().click();

const fromMenu = (name: string, item: string) => async (page: Page) => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

export const SCENES: Readonly<Record<string, Scene>> = {
  "sign-in": { path: "/sign-in", api: nobody, shows: "E-mail address" },
  "sign-in, single sign-on": {
    path: "/sign-in?error=sso_not_allowed",
    api(api) {
      nobody(api);
      api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, sso: { label: "Example SSO" } }));
    },
    shows: "Continue with Example SSO",
  },
  "sign-in, single sign-on only": {
    path: "/sign-in",
    api(api) {
      nobody(api);
      api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, password: false, sso: { label: "Example SSO" } }));
    },
    shows: "Continue with Example SSO",
  },
  "sign-in, nothing filled in": { path: "/sign-in", api: nobody, act: press("Sign in"), shows: "Enter your password." },
  "sign-in, wrong": {
    path: "/sign-in",
    api(api) {
      nobody(api);
      api.set(
        "POST /api/v1/session",
        refused(401, "sign_in_failed", "E-mail address or password is wrong, or this account may not sign in."),
      );
    },
    async act(page) {
      await page.getByLabel("E-mail address").fill("ada@example.com");
      await page.getByLabel("Password", { exact: true }).fill("not the one");
      await press("Sign in")(page);
    },
    shows: "E-mail address or password is wrong",
  },
  "sign-in, no answer": {
    path: "/sign-in",
    api(api) {
      nobody(api);
      api.set("GET /api/v1/sign-in-options", broken);
    },
    shows: "This could not be loaded",
  },
  setup: {
    path: "/setup#t=kws_token",
    api(api) {
      nobody(api);
      api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, setup_open: true }));
    },
    shows: "Set up Keyward",
  },
  "setup, wrong": {
    path: "/setup",
    api(api) {
      nobody(api);
      api.set("GET /api/v1/sign-in-options", ok({ ...OPTIONS, setup_open: true }));
    },
    act: press("Create administrator"),
    shows: "Use 12 characters or more.",
  },
  invite: {
    path: "/invite#t=kwi_token",
    api(api) {
      nobody(api);
      api.set(
        "POST /api/v1/invites/view",
        ok({ name: BOB.name, email: BOB.email, expires_at: Date.now() + 6 * 864e5 }),
      );
    },
    shows: "Welcome to Keyward",
  },
  "invite, dead": {
    path: "/invite#t=kwi_token",
    api(api) {
      nobody(api);
      api.set("POST /api/v1/invites/view", refused(404, "invite_not_found", "This invitation is unknown."));
    },
    shows: "This invitation cannot be used",
  },
  "invite, reloaded": { path: "/invite", api: nobody, shows: "Open your link again" },
  consent: { path: "/consent/uid_1", shows: "Allow Claude Code?" },
  "consent, unverified": {
    path: "/consent/uid_1",
    api: (api) =>
      void api.set(
        "GET /api/v1/oauth/consent/uid_1",
        ok({
          ...CONSENT,
          client: { name: "Claude Code (honest)", host: null, verified: false, redirect_host: "evil.example.net" },
        }),
      ),
    shows: "Unverified, self-registered",
  },
  "consent, ended": { path: "/consent/uid_2", shows: "This request has ended" },

  "my connections": { path: "/", shows: "Needs your attention" },
  "my connections of a user": { path: "/", as: BOB, shows: "Needs your attention" },
  "my connections, loading": {
    path: "/",
    api: (api) => void api.set("GET /api/v1/me", "pending"),
    shows: "Loading",
  },
  "my connections, none": {
    path: "/",
    as: BOB,
    api: (api) => void api.set("GET /api/v1/me", me(BOB, [])),
    shows: "There is no server for you yet",
  },
  "my connections, first start": {
    path: "/",
    api: (api) => void api.set("GET /api/v1/me", me(ADA, [])),
    shows: "Getting started",
  },
  "my connections, error": {
    path: "/",
    api: (api) => void api.set("GET /api/v1/me", broken),
    shows: "This could not be loaded",
  },
  "my connections, no match": {
    path: "/",
    api: (api) =>
      void api.set(
        "GET /api/v1/me",
        me(
          ADA,
          Array.from({ length: 9 }, (_, n) => ({
            id: `srv_${n}`,
            name: `server_${n}`,
            url_origin: "https://example.com",
            connection: "missing",
            credential_id: null,
            tools_count: n,
            set_at: null,
            set_from: null,
            last_used_at: null,
            verification: null,
          })),
        ),
      ),
    act: (page) => page.getByLabel("Search servers").fill("nothing like this"),
    shows: "Nothing matches",
  },
  "my connections, tested": { path: "/", act: press("Test billing"), shows: "billing accepts your values" },
  "my connections, revoking": {
    path: "/",
    async act(page) {
      await page.getByRole("button", { name: "More for billing" }).click();
      await page.getByRole("menuitem", { name: "Revoke" }).click();
    },
    shows: "Revoke your connection to",
  },
  "my connections, toast": {
    path: "/",
    api: (api) =>
      void api.set(
        "POST /api/v1/servers/srv_4/flow",
        refused(429, "rate_limited", "Too many requests. Wait a minute."),
      ),
    act: press("Connect search"),
    shows: "Too many requests.",
  },

  "connect a client": { path: "/connect-a-client", shows: "claude mcp add" },
  "connect a client, by key": {
    path: "/connect-a-client",
    async act(page) {
      await page.getByLabel("Virtual key", { exact: true }).check({ force: true });
      await page.getByRole("tab", { name: "VS Code" }).click();
    },
    shows: "promptString",
  },

  keys: { path: "/keys", shows: "Old laptop" },
  "keys of a user": { path: "/keys", as: BOB, shows: "Old laptop" },
  "keys of everyone": {
    path: "/keys",
    act: (page) => page.getByLabel("Everyone's").check({ force: true }),
    shows: "Acts as",
  },
  "keys, loading": {
    path: "/keys",
    api: (api) => void api.set("GET /api/v1/virtual-keys", "pending"),
    shows: "Loading",
  },
  "keys, none": {
    path: "/keys",
    api: (api) => void api.set("GET /api/v1/virtual-keys", nothing),
    shows: "No virtual key yet",
  },
  "keys, no match": {
    path: "/keys",
    api: (api) =>
      void api.set("GET /api/v1/virtual-keys", ({ query }) =>
        query.has("q") ? nothing : ok({ items: [], next_cursor: null }),
      ),
    act: (page) => page.getByLabel("Search keys").fill("zzz"),
    shows: "Nothing matches",
  },
  "keys, error": {
    path: "/keys",
    api: (api) => void api.set("GET /api/v1/virtual-keys", broken),
    shows: "This could not be loaded",
  },
  "keys, menu": { path: "/keys", act: press("Actions for Laptop"), shows: "Rotate" },
  "keys, creating": { path: "/keys", act: press("Create key"), shows: "Create a virtual key" },
  "keys, creating for another": {
    path: "/keys",
    async act(page) {
      await press("Create key")(page);
      await page.getByLabel("Acts as").selectOption("other");
    },
    shows: "bob@example.com",
  },
  "keys, created": {
    path: "/keys",
    async act(page) {
      await press("Create key")(page);
      await page.getByLabel("Name").fill("Laptop");
      await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
    },
    shows: "Your key is created",
  },
  "keys, editing": { path: "/keys", act: fromMenu("Laptop", "Edit"), shows: "Edit virtual key" },
  "keys, rotating": { path: "/keys", act: fromMenu("Laptop", "Rotate"), shows: "The old key" },
  "keys, revoking": { path: "/keys", act: fromMenu("Laptop", "Revoke"), shows: "refused at once, for good" },

  apps: { path: "/apps", shows: "Claude Code" },
  "apps of everyone": {
    path: "/apps",
    act: (page) => page.getByLabel("Everyone's").check({ force: true }),
    shows: "Bob Fisher",
  },
  "apps, loading": { path: "/apps", api: (api) => void api.set("GET /api/v1/apps", "pending"), shows: "Loading" },
  "apps, none": {
    path: "/apps",
    as: BOB,
    api: (api) => void api.set("GET /api/v1/apps", nothing),
    shows: "No app is connected",
  },
  "apps, error": {
    path: "/apps",
    api: (api) => void api.set("GET /api/v1/apps", broken),
    shows: "This could not be loaded",
  },
  "apps, revoking": { path: "/apps", act: press("Revoke Claude Code"), shows: "Revoke the access of" },

  account: { path: "/account", shows: "Safari on iOS" },
  "account, sessions loading": {
    path: "/account",
    api: (api) => void api.set("GET /api/v1/sessions", "pending"),
    shows: "Sign out everywhere",
  },
  "account, error": {
    path: "/account",
    api: (api) => void api.set("GET /api/v1/sessions", broken),
    shows: "This could not be loaded",
  },
  "account, nothing filled in": {
    path: "/account",
    act: press("Change password"),
    shows: "Enter the password that you have now.",
  },
  "account, leaving": { path: "/account", act: press("Sign out everywhere"), shows: "Every session ends" },

  "not found": { path: "/settings", as: BOB, shows: "There is nothing here" },
};
