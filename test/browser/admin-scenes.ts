import type { Page } from "playwright-core";
import { type AdminApi, answerAsGateway } from "./admin-api.ts";
import { ADA, aServer, aWorld, type World } from "./admin-world.ts";
import { ok, refused, type StubDashboard } from "./stub-dashboard.ts";

export interface AdminScene {
  readonly path: string;
  /** What differs from a gateway where everything is there and well. */
  readonly world?: (world: World) => void;
  readonly api?: (api: StubDashboard["api"]) => void;
  /** What is done before the scene is looked at. */
  readonly act?: (page: Page) => Promise<unknown>;
  /** Text that stands on the page when the scene is set. */
  readonly shows: string | RegExp;
}

const ME = ok({
  admin: { id: ADA.id, name: ADA.name },
  user: { id: ADA.id, name: ADA.name, email: "ada@example.com", role: "admin" },
  csrf_token: "csrf-of-the-test",
  identity: ADA,
  servers: [],
});

const BROKEN = refused(
  503,
  "credential_store_unavailable",
  "The credential store is not available right now. Try again later.",
);

/** A gateway that Ada administers, in front of this world. */
export function serveWorld(gateway: StubDashboard, world: World): AdminApi {
  const admin = answerAsGateway(world);
  gateway.api.set("GET /api/v1/me", ME);
  gateway.api.set("*", admin.answer);
  return admin;
}

/** Opens the page with a gateway that answers as the scene wants. */
export async function playAdmin(scene: AdminScene, page: Page, gateway: StubDashboard): Promise<AdminApi> {
  const world = aWorld();
  scene.world?.(world);
  const admin = serveWorld(gateway, world);
  scene.api?.(gateway.api);
  await page.goto(gateway.origin + scene.path);
  await scene.act?.(page);
  await page.getByText(scene.shows).first().waitFor();
  return admin;
}

const press =
  (name: string | RegExp, exact = false) =>
  (page: Page) =>
    page.getByRole("button", { name, exact }).first().click();

async function toKeys(page: Page): Promise<void> {
  await page.getByLabel("Address").fill("https://mcp.notes.example.com/mcp");
  await press("Continue")(page);
}

async function toFields(page: Page): Promise<void> {
  await toKeys(page);
  await press("Continue")(page);
}

async function toSample(page: Page): Promise<void> {
  await toFields(page);
  await page.getByLabel("Header name").fill("X-API-Key");
  await page.getByRole("textbox", { name: "Label" }).fill("API key");
  await press("Continue")(page);
}

async function toVerification(page: Page): Promise<void> {
  await toSample(page);
  await page.getByLabel("API key").fill("a-typed-value");
  await press("Add and verify")(page);
}

async function toAccess(page: Page): Promise<void> {
  await toVerification(page);
  await press("Continue")(page);
}

const ACCEPTED = [
  { step: "connect", outcome: "ok", proves: "speaks_mcp" },
  { step: "list_tools", outcome: "ok", proves: "tools_known" },
  { step: "probe_tool", outcome: "skipped", proves: "nothing" },
  { step: "negative_control", outcome: "failed", proves: "any_value_passes" },
];

export const ADMIN_SCENES: Readonly<Record<string, AdminScene>> = {
  servers: { path: "/servers", shows: "warehouse_with_a_long_name_of_32" },
  "servers, none": {
    path: "/servers",
    world(world) {
      world.servers = [];
      world.credentials = [];
    },
    shows: "No servers yet",
  },
  "servers, loading": {
    path: "/servers",
    api: (api) => void api.set("GET /api/v1/servers", "pending"),
    shows: "Loading servers",
  },
  "servers, not loaded": {
    path: "/servers",
    api: (api) => void api.set("GET /api/v1/servers", BROKEN),
    shows: "This could not be loaded",
  },
  server: { path: "/servers/srv_tracker", shows: "Calls itself" },
  "server, not verified": { path: "/servers/srv_lake", shows: "Not verified yet" },
  "server, disabled": { path: "/servers/srv_search", shows: "Nobody can use it." },
  "server, unknown": { path: "/servers/srv_none", shows: "There is nothing here" },
  "server, header fields": { path: "/servers/srv_tracker?tab=fields", shows: "What people will see" },
  "server, header field opened": {
    path: "/servers/srv_tracker?tab=fields",
    act: press(/^API key/),
    shows: "As the server expects it.",
  },
  "server, header fields, affecting people": {
    path: "/servers/srv_tracker?tab=fields",
    async act(page) {
      await press("Add a field")(page);
      await page.getByLabel("Header name").fill("X-Workspace");
      await press("Save")(page);
    },
    shows: "This affects 3 people",
  },
  "server, header fields, wrong": {
    path: "/servers/srv_tracker?tab=fields",
    async act(page) {
      await press("Add a field")(page);
      await page.getByLabel("Header name").fill("Cookie");
      await page.getByText("A pattern").click();
      await page.getByLabel("Pattern", { exact: true }).fill("(a");
      await press("Save")(page);
    },
    shows: "has a ( without its )",
  },
  "server, tools": { path: "/servers/srv_billing?tab=tools", shows: "Not offered any more" },
  "server, all tools": { path: "/servers/srv_tracker?tab=tools", shows: "7 tools" },
  "server, access": { path: "/servers/srv_tracker?tab=access", shows: "Given access" },
  "server, access, nobody": {
    path: "/servers/srv_tracker?tab=access",
    world: (world) => void (world.grants["srv_tracker"] = []),
    shows: "Nobody has been given access",
  },
  "server, giving access": {
    path: "/servers/srv_tracker?tab=access",
    act: press("Give access"),
    shows: "Newcomers of the department",
  },
  "server, tools of a grant": {
    path: "/servers/srv_tracker?tab=access",
    act: press(/Tools for Nightly agent/),
    shows: "Somebody with several grants",
  },
  "server, access, affecting people": {
    path: "/servers/srv_tracker?tab=access",
    async act(page) {
      await press("Remove Engineering")(page);
      await press("Save")(page);
    },
    shows: "This affects 3 people",
  },
  "server, connections": { path: "/servers/srv_tracker?tab=connections", shows: "Nightly agent" },
  "server, settings": { path: "/servers/srv_tracker?tab=settings", shows: "Try a wrong value, too" },
  "server, moved": {
    path: "/servers/srv_search?tab=settings",
    act: (page) => page.getByLabel("Address", { exact: true }).fill("https://elsewhere.example.com/mcp"),
    shows: "This is another place",
  },
  "server, verifying": {
    path: "/servers/srv_tracker",
    act: press("Verify again"),
    shows: "as a sample",
  },
  "server, verified": {
    path: "/servers/srv_tracker",
    async act(page) {
      await press("Verify again")(page);
      await page.getByLabel("API key").fill("a-typed-value");
      await press("Verify", true)(page);
    },
    shows: "A wrong value is refused",
  },
  "server, refused": {
    path: "/servers/srv_tracker",
    api: (api) =>
      void api.set(
        "POST /api/v1/servers/srv_tracker/verify",
        refused(422, "upstream_rejected", "The server refused these values.", {
          step: "list_tools",
          steps: ["connect:ok", "list_tools:refused"],
        }),
      ),
    async act(page) {
      await press("Verify again")(page);
      await page.getByLabel("API key").fill("a-typed-value");
      await press("Verify", true)(page);
    },
    shows: "The server refused the values",
  },
  "server, deleting": {
    path: "/servers/srv_tracker",
    async act(page) {
      await press("More actions for tracker")(page);
      await page.getByRole("menuitem", { name: "Delete" }).click();
    },
    shows: "what they have stored",
  },
  connections: { path: "/connections", shows: "Nightly agent" },
  "connections, none": {
    path: "/connections",
    world: (world) => void (world.credentials = []),
    shows: "Nobody has connected yet",
  },
  "connections, no match": { path: "/connections?q=zzz", shows: "Nothing matches" },
  "connections, of one person": { path: "/connections?kind=user&identity=usr_ada", shows: "Only Ada Lovelace" },
  "connections, selected": {
    path: "/connections",
    async act(page) {
      await page.getByLabel("Select the connection of Ada Lovelace to tracker").check();
      await page.getByLabel("Select the connection of Bob Fisher to tracker").check();
    },
    shows: "2 connections selected",
  },
  "connections, revoking": {
    path: "/connections",
    async act(page) {
      await page.getByLabel("Select the connection of Ada Lovelace to tracker").check();
      await page.getByLabel("Select the connection of Bob Fisher to tracker").check();
      await press("Revoke")(page);
    },
    shows: "Revoke 2 connections?",
  },
  "connections, one": { path: "/connections?connection=cred_2", shows: "The server refused the values." },
  "connections, one of a session": { path: "/connections?connection=cred_8", shows: "Names only." },
  "new server": { path: "/servers/new", shows: "Where is the server?" },
  "new server, wrong address": {
    path: "/servers/new",
    async act(page) {
      await page.getByLabel("Address").fill("mcp.example.com");
      await press("Continue")(page);
    },
    shows: "Enter the whole address",
  },
  "new server, keys": { path: "/servers/new", act: toKeys, shows: "With each person's own keys" },
  "new server, shared headers": {
    path: "/servers/new",
    async act(page) {
      await toKeys(page);
      await page.getByLabel("With the same headers for everyone").check();
      await press("Add and verify")(page);
    },
    shows: "Enter the name of the header.",
  },
  "new server, fields": { path: "/servers/new", act: toFields, shows: "What does each person supply?" },
  "new server, sample": { path: "/servers/new", act: toSample, shows: "Try it with values of your own" },
  "new server, verifying": {
    path: "/servers/new",
    api: (api) => void api.set("POST /api/v1/servers", "pending"),
    act: toVerification,
    shows: "Trying it out",
  },
  "new server, verified": { path: "/servers/new", act: toVerification, shows: "notes is added" },
  "new server, accepted only": {
    path: "/servers/new",
    api: (api) =>
      void api.set(
        "POST /api/v1/servers",
        ok({ ...aServer({ name: "notes" }), verified: "accepted", steps: ACCEPTED }, 201),
      ),
    act: toVerification,
    shows: "any value would do",
  },
  "new server, refused": {
    path: "/servers/new",
    api: (api) =>
      void api.set(
        "POST /api/v1/servers",
        refused(422, "upstream_rejected", "The server refused these values.", {
          step: "list_tools",
          steps: ["connect:ok", "list_tools:refused"],
        }),
      ),
    act: toVerification,
    shows: "The server refused the values",
  },
  "new server, no MCP": {
    path: "/servers/new",
    api: (api) =>
      void api.set(
        "POST /api/v1/servers",
        refused(422, "upstream_protocol", "The server's answer is not MCP.", { steps: ["connect:failed"] }),
      ),
    act: toVerification,
    shows: "What answers there is not MCP",
  },
  "new server, access": { path: "/servers/new", act: toAccess, shows: "Who may use notes?" },
  "new server, done": {
    path: "/servers/new",
    async act(page) {
      await toAccess(page);
      await page.getByLabel("Everyone").check();
      await press("Save")(page);
    },
    shows: "notes is ready",
  },
  people: { path: "/people", shows: "Evelyn Marguerite" },
  "people, no match": { path: "/people?q=zzz", shows: "Nothing matches" },
  "people, loading": {
    path: "/people",
    api: (api) => void api.set("GET /api/v1/users", "pending"),
    shows: "Loading people",
  },
  "people, not loaded": {
    path: "/people",
    api: (api) => void api.set("GET /api/v1/users", BROKEN),
    shows: "This could not be loaded",
  },
  "people, inviting": { path: "/people", act: press("Invite a person"), shows: "E-mail address" },
  "people, invited": {
    path: "/people",
    async act(page) {
      await press("Invite a person")(page);
      await page.getByLabel("Name").fill("Ivy Park");
      await page.getByLabel("E-mail address").fill("ivy@example.com");
      await press("Create invitation")(page);
    },
    shows: "Ivy Park is invited",
  },
  "people, address taken": {
    path: "/people",
    async act(page) {
      await press("Invite a person")(page);
      await page.getByLabel("Name").fill("Bob");
      await page.getByLabel("E-mail address").fill("bob@example.com");
      await press("Create invitation")(page);
    },
    shows: "That e-mail address is in use.",
  },
  "people, one": { path: "/people?user=usr_bob", shows: "Sign out everywhere" },
  "people, editing one": { path: "/people?user=usr_bob", act: press("Edit"), shows: "Edit person" },
  "people, disabling one": { path: "/people?user=usr_bob", act: press("Disable"), shows: "Disable Bob Fisher?" },
  "people, deleting one": {
    path: "/people?user=usr_bob",
    act: press("Delete"),
    shows: "what they have stored. It is deleted",
  },
  "people, inviting one again": {
    path: "/people?user=usr_cyd",
    async act(page) {
      await press("New invitation")(page);
      await press("Make invitation")(page);
    },
    shows: "Copy the link now",
  },
  groups: { path: "/people/groups", shows: "Engineering" },
  "groups, none": { path: "/people/groups", world: (world) => void (world.groups = []), shows: "No groups yet" },
  "groups, creating": { path: "/people/groups", act: press("Create a group"), shows: "Create group" },
  "groups, one": { path: "/people/groups?group=grp_eng", shows: "Gus Moreau" },
  "groups, removing a member": {
    path: "/people/groups?group=grp_eng",
    act: press("Remove Ada Lovelace"),
    shows: "This affects 1 person",
  },
  "groups, adding people": { path: "/people/groups?group=grp_eng", act: press("Add people"), shows: "Already there" },
  "groups, deleting one": { path: "/people/groups?group=grp_eng", act: press("Delete"), shows: "lose access" },
  audit: { path: "/audit", shows: "stored values for" },
  "audit, none": { path: "/audit", world: (world) => void (world.events = []), shows: "Nothing has happened yet" },
  "audit, no match": { path: "/audit?action=app.revoked", shows: "Nothing matches" },
  "audit, about somebody": { path: "/audit?kind=user&identity=usr_bob&outcome=refused", shows: "About Bob Fisher" },
  "audit, one event": {
    path: "/audit",
    act: (page) =>
      page
        .getByRole("button", { name: /stored values for tracker/ })
        .first()
        .click(),
    shows: "Place in the chain",
  },
  "audit, intact": { path: "/audit", act: press("Verify the chain"), shows: "as it was written" },
  "audit, broken": {
    path: "/audit",
    api: (api) =>
      void api.set(
        "GET /api/v1/audit/verify",
        ok({ intact: false, events: 811, broken_at: 812, last_hash: "ab".repeat(32) }),
      ),
    act: press("Verify the chain"),
    shows: "The log has been altered",
  },
  "audit, life of a connection": { path: "/audit?credential=cred_2", shows: "The life of a connection" },
  settings: { path: "/settings", shows: "deployment pipeline" },
  "settings, weakened": {
    path: "/settings",
    world(world) {
      Object.assign(world.settings, {
        temp_token_links: true,
        session_identities: true,
        allow_private_upstreams: ["127.0.0.0/8", "mcp.internal.example.com"],
        sso: null,
        oauth: { enabled: false, reason: "The address is plain http, and clients refuse that except on localhost." },
        warnings: [
          "KEYWARD_TEMP_TOKEN_LINKS=on: whoever holds a link of a virtual key or session may use it.",
          "KEYWARD_ALLOW_PRIVATE_UPSTREAMS lists loopback: servers on this machine can be dialled.",
        ],
      });
      world.tokens = [];
    },
    shows: "The configuration weakens checks",
  },
  "settings, not loaded": {
    path: "/settings",
    api: (api) => void api.set("GET /api/v1/settings", BROKEN),
    shows: "This could not be loaded",
  },
  "settings, creating a token": {
    path: "/settings",
    async act(page) {
      await press("Create a token")(page);
      await page.getByLabel("Name").fill("ci");
      await press("Create token")(page);
    },
    shows: "The token is created",
  },
  "settings, revoking a token": {
    path: "/settings",
    act: press("Revoke backup"),
    shows: "Whatever uses it stops working.",
  },
};
