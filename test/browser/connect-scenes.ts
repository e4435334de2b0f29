import type { Locator, Page } from "playwright-core";
import { refusal, type StubAnswer, type StubGateway } from "./stub-gateway.ts";

/** The gateway's clock is far from the browser's on purpose: the page may only use differences. */
export const GATEWAY_NOW = Date.UTC(2001, 1, 3, 10, 42);

export const FLOW_ID = "flow_AbCdEfGhIjKlMnOpQrStUv";
export const LINK_TOKEN = `kwt_${"t".repeat(43)}0aBc9Z`;
export const KEYWARD_KEY = `kw_${"k".repeat(43)}0aBc9Z`;

const NO_FORMAT = {
  pattern: null,
  pattern_hint: null,
  choices: null,
  template: null,
  on_file: false,
  outdated: false,
};

export const API_KEY_FIELD = {
  name: "x-api-key",
  display_name: "X-API-Key",
  label: "API key",
  help: "Create a personal key with read and write access in your account settings.",
  help_url: "https://tracker.example.com/settings/keys",
  secret: true,
  required: true,
  ...NO_FORMAT,
};

export const TENANT_FIELD = {
  name: "x-tenant",
  display_name: "X-Tenant",
  label: "Tenant id",
  help: "",
  help_url: null,
  secret: false,
  required: false,
  ...NO_FORMAT,
};

export const TOKEN_FIELD = {
  ...API_KEY_FIELD,
  name: "authorization",
  display_name: "Authorization",
  label: "Access token",
  help: "Make a token with the scope read:issues.",
  pattern: "pat_[a-z0-9]{8}",
  pattern_hint: "A token begins with pat_ and has 8 more letters and digits.",
  template: "Bearer {value}",
};

export const REGION_FIELD = {
  ...TENANT_FIELD,
  name: "x-region",
  display_name: "X-Region",
  label: "Region",
  choices: ["eu-central", "us-east", "ap-south"],
  required: true,
};

const WORKSPACE_FIELD = {
  ...TENANT_FIELD,
  name: "x-workspace-url",
  display_name: "X-Workspace-URL",
  label: "Workspace",
  help: "The part of your workspace's address before the dot.",
  template: "https://{value}.tracker.example.com",
};

export const ADA = {
  status: 200,
  body: {
    user: { id: "usr_1", name: "Ada Lovelace", email: "ada@example.com", role: "user" },
    csrf_token: "csrf-of-ada",
  },
};

export const OF_ADA = { identity: { auth_mode: "user", id: "usr_1", name: "Ada Lovelace" }, proof: "user" };

/** The body of `GET /api/v1/flows/{id}`. */
export function aFlow(overrides: object = {}): object {
  return {
    id: FLOW_ID,
    state: "pending",
    server: { name: "tracker", url_origin: "https://mcp.tracker.example.com" },
    identity: { auth_mode: "virtual_key", id: "vk_1", name: "Ada's laptop" },
    requested_by: { client_name: "claude-code", client_version: "2.1.4", address: "203.0.113.9" },
    requested_at: GATEWAY_NOW - 60_000,
    expires_at: GATEWAY_NOW + 14 * 60_000,
    now: GATEWAY_NOW,
    fields: [API_KEY_FIELD, TENANT_FIELD],
    static_header_names: ["x-workspace"],
    credential: null,
    proof: "virtual_key",
    attempts_left: 5,
    ...overrides,
  };
}

export const ok = (body: object): StubAnswer => ({ status: 200, body });

export const stored = (verification: "proven" | "accepted") => ({
  status: 200,
  body: { credential_id: "cred_1", status: "active", verification },
});

export const linkOf = (gateway: StubGateway, token?: string): string =>
  `${gateway.origin}/connect/${FLOW_ID}${token === undefined ? "" : `#t=${token}`}`;

export const heading = (page: Page): Locator => page.getByRole("heading", { level: 1 });

/** Waits until it is on the screen; throws, with what was looked for, when it does not come. */
export async function shown(locator: Locator): Promise<boolean> {
  await locator.waitFor();
  return true;
}

/** Opens the link and proves the key, up to whatever the gateway answers then. */
export async function openWithKey(page: Page, gateway: StubGateway): Promise<void> {
  await page.goto(linkOf(gateway));
  await page.getByLabel("Virtual key").fill(KEYWARD_KEY);
  await page.getByRole("button", { name: "Continue" }).click();
}

async function submitForm(page: Page): Promise<void> {
  await page.getByLabel("API key", { exact: true }).fill("a-typed-value");
  await page.getByRole("button", { name: "Verify and store" }).click();
}

interface Scene {
  readonly heading: string | RegExp;
  play(page: Page, gateway: StubGateway): Promise<void>;
}

const never = new Promise<never>(() => {});

/** Every state that the page can be in, and how to get there. */
export const SCENES: Readonly<Record<string, Scene>> = {
  loading: {
    heading: "Opening your link",
    async play(page, gateway) {
      gateway.answers.flow = never;
      await page.goto(linkOf(gateway, LINK_TOKEN));
    },
  },
  "need-proof": {
    heading: "Is this link yours?",
    async play(page, gateway) {
      await page.goto(linkOf(gateway));
    },
  },
  "need-key": {
    heading: "Is this link yours?",
    async play(page, gateway) {
      gateway.answers.me = { status: 401, body: {} };
      gateway.answers.flow = refusal("opener_unknown", "Prove that this link is yours.", 401);
      await page.goto(linkOf(gateway));
      await page.getByLabel("Virtual key").waitFor();
    },
  },
  "wrong-proof": {
    heading: "Is this link yours?",
    async play(page, gateway) {
      gateway.answers.flow = refusal("opener_unknown", "Prove that this link is yours: present the key.", 401);
      await openWithKey(page, gateway);
      await page.getByText("present the key").waitFor();
    },
  },
  "confirm-link": {
    heading: "Did you ask for this?",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
      await page.goto(linkOf(gateway, LINK_TOKEN));
    },
  },
  "confirm-for-another": {
    heading: "Connect virtual key Ada's laptop?",
    async play(page, gateway) {
      gateway.answers.me = ADA;
      gateway.answers.flow = ok(aFlow({ proof: "user" }));
      await page.goto(linkOf(gateway));
    },
  },
  declined: {
    heading: "Nothing was sent",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ proof: "temp_token" }));
      await page.goto(linkOf(gateway, LINK_TOKEN));
      await page.getByRole("button", { name: "No" }).click();
    },
  },
  form: {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
    },
  },
  "form-signed-in": {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.me = ADA;
      gateway.answers.flow = ok(aFlow(OF_ADA));
      await page.goto(linkOf(gateway));
    },
  },
  "form-with-formats": {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ fields: [TOKEN_FIELD, REGION_FIELD, WORKSPACE_FIELD] }));
      await openWithKey(page, gateway);
    },
  },
  edit: {
    heading: "Change your values for tracker",
    async play(page, gateway) {
      const fields = [
        { ...API_KEY_FIELD, on_file: true },
        { ...REGION_FIELD, on_file: true },
      ];
      const set_from = { client: "Firefox on Linux", address: "203.0.113.9" };
      const credential = { status: "active", updated_at: GATEWAY_NOW - 125_000, set_from };
      gateway.answers.flow = ok(aFlow({ fields, credential }));
      await openWithKey(page, gateway);
    },
  },
  "edit-rejected": {
    heading: "Change your values for tracker",
    async play(page, gateway) {
      const fields = [{ ...API_KEY_FIELD, on_file: true }];
      gateway.answers.flow = ok(aFlow({ fields, credential: { status: "rejected", updated_at: GATEWAY_NOW - 9e9 } }));
      await openWithKey(page, gateway);
    },
  },
  "edit-outdated": {
    heading: "Change your values for tracker",
    async play(page, gateway) {
      const fields = [
        { ...TOKEN_FIELD, outdated: true },
        { ...TENANT_FIELD, on_file: true },
      ];
      const credential = { status: "needs_update", updated_at: GATEWAY_NOW - 86_400_000, set_from: null };
      gateway.answers.flow = ok(aFlow({ fields, credential }));
      await openWithKey(page, gateway);
    },
  },
  "form-errors": {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ fields: [TOKEN_FIELD, REGION_FIELD] }));
      await openWithKey(page, gateway);
      await page.getByLabel("Access token", { exact: true }).fill("gat_1");
      await page.getByRole("button", { name: "Verify and store" }).click();
    },
  },
  verifying: {
    heading: "Verifying with tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow());
      gateway.answers.submit = never;
      await openWithKey(page, gateway);
      await submitForm(page);
    },
  },
  "verified-elsewhere": {
    heading: "Values are being verified",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ state: "verifying" }));
      gateway.answers.status = ok({ state: "verifying" });
      await openWithKey(page, gateway);
    },
  },
  refused: {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ attempts_left: 4 }));
      const message = "The server refused these values. Nothing was stored.";
      gateway.answers.submit = refusal("upstream_rejected", message, 422, { step: "list_tools", attempts_left: 4 });
      await openWithKey(page, gateway);
      await submitForm(page);
      await page.getByText("4 attempts are left").waitFor();
    },
  },
  unreachable: {
    heading: "Connect to tracker",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow());
      const message = "The server could not be reached. Nothing was stored. Try again later.";
      gateway.answers.submit = refusal("upstream_unreachable", message, 503);
      await openWithKey(page, gateway);
      await submitForm(page);
      await page.getByText("could not be reached").first().waitFor();
    },
  },
  "not-encrypted": {
    heading: "Connect to local",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow({ server: { name: "local", url_origin: "http://127.0.0.1:9000" } }));
      await openWithKey(page, gateway);
    },
  },
  offline: {
    heading: "Keyward does not answer",
    async play(page, gateway) {
      gateway.answers.flow = "lost";
      await openWithKey(page, gateway);
    },
  },
  unknown: {
    heading: "This link cannot be used",
    async play(page, gateway) {
      gateway.answers.flow = refusal("flow_not_found", "This link is unknown.", 404);
      await openWithKey(page, gateway);
    },
  },
  "unknown-signed-in": {
    heading: "This link cannot be used",
    async play(page, gateway) {
      gateway.answers.me = ADA;
      gateway.answers.flow = refusal("flow_not_found", "This link is unknown.", 404);
      await page.goto(linkOf(gateway));
    },
  },
  expired: {
    heading: "This link has expired",
    async play(page, gateway) {
      await page.clock.install();
      gateway.answers.flow = ok(aFlow());
      await openWithKey(page, gateway);
      await page.getByText("This link expires in 14 min.").waitFor();
      gateway.answers.flow = refusal("flow_not_found", "This link is unknown.", 404);
      await page.clock.runFor(14 * 60_000 + 2000);
    },
  },
  "done-proven": {
    heading: "tracker is connected",
    async play(page, gateway) {
      gateway.answers.me = ADA;
      gateway.answers.flow = ok(aFlow(OF_ADA));
      gateway.answers.submit = stored("proven");
      await page.goto(linkOf(gateway));
      await submitForm(page);
    },
  },
  "done-accepted": {
    heading: "tracker is connected",
    async play(page, gateway) {
      gateway.answers.flow = ok(aFlow());
      gateway.answers.submit = stored("accepted");
      await openWithKey(page, gateway);
      await submitForm(page);
    },
  },
};
