import type { Page } from "playwright-core";
import { type AdminApi, answerAsGateway } from "./admin-api.ts";
import { ADA, aWorld, type World } from "./admin-world.ts";
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

export const ME = ok({
  admin: { id: ADA.id, name: ADA.name },
  user: { id: ADA.id, name: ADA.name, email: "ada@example.com", role: "admin" },
  csrf_token: "csrf-of-the-test",
  identity: ADA,
  servers: [],
});

export const BROKEN = refused(
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
        refused(422, "upstream_rejected", "The server refused these values.", { step: "list_tools" }),
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
};
