import { textOf } from "../helpers/browser.ts";
import { describe, expect, it } from "vitest";
import { readDescription } from "../../scripts/api-description.ts";
import { Secret } from "../../src/core/secret.ts";
import { browserOf, emailOf, invite, join, PASSWORD } from "./people.ts";
import { createScene, GOOD_VALUES, SERVER, type Scene } from "./scene.ts";
import { ADMIN_TOKEN, createTestApp, outcomeOf, type SendOptions } from "./test-app.ts";

/*
 * Each route of the API description is called: by nobody, by a program with a key, by a user, and by an administrator.
 * `send` compares every answer, status and body, with the description.
 */

interface Operation {
  readonly operationId: string;
  /** `GET /api/v1/users/{id}` */
  readonly route: string;
  /** Names of the proofs that it takes; none = anybody may call it. */
  readonly proofs: readonly string[];
  /** Whether a user who is signed in has to be an administrator. */
  readonly isForAdministrators: boolean;
  readonly statuses: readonly number[];
}

const OPERATIONS: readonly Operation[] = Object.entries(readDescription().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, security, responses }]) => ({
    operationId,
    route: `${method.toUpperCase()} ${path}`,
    proofs: security.flatMap((proof) => Object.keys(proof)),
    isForAdministrators: security.some(({ cookie }) => cookie?.includes("admin") === true),
    statuses: Object.keys(responses).map(Number),
  })),
);

/** A request that cannot succeed: the ids are nobody's, and the body is not even JSON and names a command. */
function hopeless({ route }: Operation): [request: string, options: SendOptions] {
  const request = route.replaceAll(/\{[a-z_]+\}/g, "x");
  return [request, route.startsWith("GET") ? {} : { body: `{"transport":"stdio","command":"/bin/sh",` }];
}

const NOBODIES: readonly SendOptions[] = [
  {},
  { as: "kw_wrong" },
  { as: "kwa_wrong" },
  { headers: { Authorization: "" } },
  { headers: { Authorization: "Basic YWRtaW46YWRtaW4=" } },
  { headers: { "Keyward-Session": "s".repeat(40) } },
];

describe("A47: what is not for anybody is refused to nobody, before anything is read or dialled", () => {
  it("A47: every route that wants a proof answers 401 without a good one, and asks the store for nothing", async () => {
    const { send, storeCalls, dials } = await createScene();
    dials.length = 0;
    const operations = OPERATIONS.filter(({ proofs }) => proofs.length > 0);
    expect(operations.length).toBeGreaterThan(30);
    for (const operation of operations) {
      const [request, options] = hopeless(operation);
      for (const nobody of NOBODIES) {
        storeCalls.length = 0;
        const answer = await send(request, { ...options, ...nobody });
        const isOfALink = operation.proofs.includes("tempToken");
        // A link that is unknown, or not theirs, is there for nobody.
        expect(isOfALink ? [401, 404] : [401], `${request} as ${JSON.stringify(nobody)}`).toContain(answer.status);
        if (!isOfALink) {
          expect(storeCalls, request).toEqual([]);
        }
      }
    }
    expect(dials).toEqual([]);
  });

  it("A47: every route that does not take a key answers 403 to one, having asked for nothing but the key", async () => {
    const { send, owner, storeCalls, dials } = await createScene();
    dials.length = 0;
    const operations = OPERATIONS.filter(({ proofs }) => proofs.length > 0 && !proofs.includes("virtualKey"));
    expect(operations.length).toBeGreaterThan(25);
    for (const operation of operations) {
      const [request, options] = hopeless(operation);
      storeCalls.length = 0;
      expect(outcomeOf(await send(request, { ...options, as: owner.key })), request).toBe("403 forbidden");
      expect(storeCalls, request).toEqual(["findVirtualKeyByDigest"]);
    }
    expect(dials).toEqual([]);
  });
});

describe("somebody who is signed in", () => {
  it("A47: and is no administrator gets 403 from every route for administrators, having asked for nothing but the session", async () => {
    const scene = await createScene();
    const { storeCalls, dials } = scene;
    const { browser } = await join(scene, "Ada");
    dials.length = 0;
    const operations = OPERATIONS.filter(({ isForAdministrators }) => isForAdministrators);
    expect(operations.length).toBeGreaterThan(25);
    storeCalls.length = 0;
    for (const operation of operations) {
      const [request, { body }] = hopeless(operation);
      const [method = "", path = ""] = request.split(" ");
      const answer = await browser.call(method, path, body);
      expect([answer.status, answer.body["error"]], request).toMatchObject([403, { code: "forbidden" }]);
    }
    expect(new Set(storeCalls)).toEqual(new Set(["findSession"]));
    expect(dials).toEqual([]);
  });

  it("A17: changes nothing without the token of its session, whatever the route, and even as an administrator", async () => {
    const scene = await createScene();
    const { browser } = await join(scene, "Root", "admin");
    const { browser: other } = await join(scene, "Ada");
    const operations = OPERATIONS.filter(({ route, proofs }) => proofs.includes("cookie") && !route.startsWith("GET"));
    expect(operations.length).toBeGreaterThan(20);
    for (const operation of operations) {
      const [request, { body }] = hopeless(operation);
      const [method = "", path = ""] = request.split(" ");
      expect(operation.proofs, request).toContain("csrf");
      for (const headers of [
        { "keyward-csrf": "" },
        { "keyward-csrf": other.csrf ?? "" },
        { "sec-fetch-site": "none" },
      ]) {
        const answer = await browser.call(method, path, body, headers);
        expect(answer.status, `${request} with ${JSON.stringify(headers)}`).toBe(403);
      }
    }
  });

  it("A12: sees nothing of anybody else, and each foreign id is answered like an unknown one", async () => {
    const scene = await createScene();
    const { send, owner } = scene;
    const [ada, bob] = [await join(scene, "Ada"), await join(scene, "Bob")];
    const bobs = await bob.browser.call("POST", "/api/v1/virtual-keys", { name: "laptop" });
    const sessions = await bob.browser.call("GET", "/api/v1/sessions");
    const foreign: Record<string, readonly string[]> = {
      "/api/v1/virtual-keys": [textOf(bobs, "id"), owner.id],
      "/api/v1/credentials": [await scene.connect(), await scene.storeFor({ mode: "user", id: bob.id })],
      "/api/v1/sessions": (sessions.body["items"] as unknown as { id: string }[]).map(({ id }) => id),
      "/api/v1/servers": [scene.serverId],
    };
    const operations = OPERATIONS.filter(
      ({ proofs, isForAdministrators }) => proofs.includes("cookie") && !isForAdministrators,
    );
    let asked = 0;
    for (const { route } of operations) {
      const [method = "", template = ""] = route.split(" ");
      const [, collection = "", rest = ""] = /^(.+)\/\{id\}(.*)$/.exec(template) ?? [];
      for (const id of foreign[collection] ?? []) {
        const call = async (shown: string): Promise<string> => {
          const body =
            method === "PATCH" || method === "PUT" ? {} : rest === "/rotate" ? { overlap_seconds: 0 } : undefined;
          const answer = await ada.browser.call(method, `${collection}/${shown}${rest}`, body);
          return `${answer.status} ${answer.text}`;
        };
        asked += 1;
        expect(await call(id), `${method} ${collection}/.../${rest}`).toBe(await call("unknown"));
        expect(await call("unknown")).toMatch(/^404 /);
      }
    }
    expect(asked).toBeGreaterThan(12);
    for (const path of Object.keys(foreign).filter((collection) => collection !== "/api/v1/servers")) {
      const { body } = await ada.browser.call("GET", path);
      const own = (body["items"] as unknown as { id: string }[]).map(({ id }) => id);
      expect(
        own.filter((id) => foreign[path]?.includes(id)),
        path,
      ).toEqual([]);
    }
    expect((await bob.browser.call("GET", "/api/v1/me")).status).toBe(200);
    expect((await send("GET /api/v1/me", { as: textOf(bobs, "key") })).status).toBe(200);
  });
});

/** What one step of the tour leaves for the next. */
type Memory = Record<string, string>;

interface Step {
  readonly operationId: string;
  /** `{name}` is filled in from what was remembered. */
  readonly request: string;
  /** Texts that are `{name}` are filled in. */
  readonly body?: unknown;
  /** Who asks; by default the administrator of the configuration. `person`: a browser, in which somebody may be signed in. */
  readonly as?: "key" | "nobody" | "person";
  /** Names under which values of the answer, by path, are remembered. */
  readonly remember?: Readonly<Record<string, string>>;
}

function step(operationId: string, request: string, rest: Omit<Step, "operationId" | "request"> = {}): Step {
  return { operationId, request, ...rest };
}

/** One request of each kind that succeeds, in an order in which each finds what it needs. */
const TOUR: readonly Step[] = [
  step("getHealth", "GET /healthz", { as: "nobody" }),
  step("getReadiness", "GET /readyz", { as: "nobody" }),
  step("getDescription", "GET /openapi.json", { as: "nobody" }),
  step("setUp", "POST /api/v1/setup", { as: "nobody", body: { setup_token: "{setupToken}", name: "first" } }),
  step("getSignInOptions", "GET /api/v1/sign-in-options", { as: "nobody" }),
  step("beginSingleSignOn", "GET /api/v1/sso?next=/account", { as: "nobody" }),
  step("completeSingleSignOn", "GET /api/v1/sso/callback/oidc?error=access_denied", { as: "nobody" }),
  step("viewInvite", "POST /api/v1/invites/view", { as: "nobody", body: { token: "{inviteToken}" } }),
  step("acceptInvite", "POST /api/v1/invites/accept", {
    as: "person",
    body: { token: "{inviteToken}", password: PASSWORD },
  }),
  step("updateMe", "PATCH /api/v1/me", { as: "person", body: { name: "Guest of honour" } }),
  step("signOut", "DELETE /api/v1/session", { as: "person" }),
  step("signIn", "POST /api/v1/session", { as: "person", body: { email: "{guest}", password: PASSWORD } }),
  step("listSessions", "GET /api/v1/sessions", { as: "person", remember: { sessionId: "items.0.id" } }),
  step("endSession", "DELETE /api/v1/sessions/{sessionId}", { as: "person" }),
  step("signIn", "POST /api/v1/session", { as: "person", body: { email: "{guest}", password: PASSWORD } }),
  step("endSessions", "DELETE /api/v1/sessions", { as: "person" }),
  step("getMe", "GET /api/v1/me"),
  step("getSettings", "GET /api/v1/settings"),

  step("createAdminToken", "POST /api/v1/admin-tokens", { body: { name: "ci" }, remember: { tokenId: "id" } }),
  step("listAdminTokens", "GET /api/v1/admin-tokens"),
  step("revokeAdminToken", "DELETE /api/v1/admin-tokens/{tokenId}"),

  step("createGroup", "POST /api/v1/groups", { body: { name: "ops" }, remember: { groupId: "id" } }),
  step("listGroups", "GET /api/v1/groups"),
  step("getGroup", "GET /api/v1/groups/{groupId}"),
  step("renameGroup", "PATCH /api/v1/groups/{groupId}", { body: { name: "Ops" } }),
  step("inviteUser", "POST /api/v1/users", {
    body: { name: "Ada", email: "ada@example.com" },
    remember: { userId: "user.id" },
  }),
  step("listUsers", "GET /api/v1/users"),
  step("getUser", "GET /api/v1/users/{userId}"),
  step("updateUser", "PATCH /api/v1/users/{userId}", { body: { name: "Ada L." } }),
  step("reinviteUser", "POST /api/v1/users/{userId}/invite"),
  step("endUserSessions", "DELETE /api/v1/users/{userId}/sessions"),
  step("changeGroupMembers", "PATCH /api/v1/groups/{groupId}/members", { body: { add: ["{userId}"] } }),
  step("listGroupMembers", "GET /api/v1/groups/{groupId}/members"),

  step("createServer", "POST /api/v1/servers", { body: { ...SERVER, name: "other" }, remember: { otherId: "id" } }),
  step("listServers", "GET /api/v1/servers"),
  step("getServer", "GET /api/v1/servers/{otherId}"),
  step("updateServer", "PATCH /api/v1/servers/{otherId}", { body: { name: "another" } }),
  step("verifyServer", "POST /api/v1/servers/{otherId}/verify", { body: { sample_headers: GOOD_VALUES } }),
  step("replaceGrants", "PUT /api/v1/servers/{otherId}/grants", { body: { grants: [{ group: "{groupId}" }] } }),
  step("listGrants", "GET /api/v1/servers/{otherId}/grants"),

  step("createVirtualKey", "POST /api/v1/virtual-keys", { body: { name: "laptop" }, remember: { keyId: "id" } }),
  step("listVirtualKeys", "GET /api/v1/virtual-keys"),
  step("getVirtualKey", "GET /api/v1/virtual-keys/{keyId}"),
  step("updateVirtualKey", "PATCH /api/v1/virtual-keys/{keyId}", { body: { name: "desktop" } }),
  step("rotateVirtualKey", "POST /api/v1/virtual-keys/{keyId}/rotate", { body: {} }),

  step("startServerFlow", "POST /api/v1/servers/{serverId}/flow", { as: "key", remember: { flowId: "flow_id" } }),
  step("getFlow", "GET /api/v1/flows/{flowId}", { as: "key" }),
  step("getFlowStatus", "GET /api/v1/flows/{flowId}/status", { as: "key" }),
  step("submitFlow", "PUT /api/v1/flows/{flowId}", {
    as: "key",
    body: { headers: GOOD_VALUES },
    remember: { credentialId: "credential_id" },
  }),
  step("listCredentials", "GET /api/v1/credentials"),
  step("getCredential", "GET /api/v1/credentials/{credentialId}"),
  step("startCredentialFlow", "POST /api/v1/credentials/{credentialId}/flow", { as: "key" }),
  step("countCredentials", "GET /api/v1/credential-counts"),
  step("testCredential", "POST /api/v1/credentials/{credentialId}/test", { as: "key", body: {} }),
  step("revokeCredential", "DELETE /api/v1/credentials/{credentialId}"),
  step("revokeCredentials", "POST /api/v1/credentials/revoke", { body: { ids: ["{credentialId}"] } }),

  step("updateServer", "PATCH /api/v1/servers/{otherId}?dry_run=true", { body: { name: "third" } }),
  step("deleteServer", "DELETE /api/v1/servers/{otherId}?dry_run=true"),
  step("deleteServer", "DELETE /api/v1/servers/{otherId}"),
  step("revokeVirtualKey", "DELETE /api/v1/virtual-keys/{keyId}?dry_run=true"),
  step("revokeVirtualKey", "DELETE /api/v1/virtual-keys/{keyId}"),
  step("deleteGroup", "DELETE /api/v1/groups/{groupId}?dry_run=true"),
  step("deleteGroup", "DELETE /api/v1/groups/{groupId}"),
  step("deleteUser", "DELETE /api/v1/users/{userId}?dry_run=true"),
  step("deleteUser", "DELETE /api/v1/users/{userId}"),
  step("listAudit", "GET /api/v1/audit"),
  step("listAudit", "GET /api/v1/audit?format=jsonl"),
  step("verifyAudit", "GET /api/v1/audit/verify"),
];

function fillIn(value: unknown, memory: Memory): unknown {
  const filled = JSON.stringify(value ?? null).replaceAll(
    /\{([a-zA-Z]+)\}/g,
    (_, name: string) => memory[name] ?? name,
  );
  return JSON.parse(filled) as unknown;
}

function valueAt(answer: unknown, path: string): string {
  return String(path.split(".").reduce((found, key) => (found as Record<string, unknown>)[key], answer));
}

/** @returns `inviteUser 201` for each step */
async function tour(scene: Scene, steps: readonly Step[]): Promise<readonly string[]> {
  const memory: Memory = {
    serverId: scene.serverId,
    setupToken: (await scene.admins.offerSetup())?.reveal() ?? "",
    inviteToken: (await invite(scene, "Guest")).token,
    guest: emailOf("Guest"),
  };
  const browser = browserOf(scene);
  const outcomes: string[] = [];
  for (const { operationId, request, body, as, remember = {} } of steps) {
    const [method = "", path = ""] = String(fillIn(request, memory)).split(" ");
    const filled = body === undefined ? undefined : fillIn(body, memory);
    const proof = as === "key" ? { as: scene.owner.key } : as === undefined ? { as: ADMIN_TOKEN } : {};
    const answer =
      as === "person"
        ? await browser.enter(method, path, filled).then((entered) => ({ ...entered, json: entered.body }))
        : await scene.send(`${method} ${path}`, { ...proof, ...(filled === undefined ? {} : { body: filled }) });
    outcomes.push(`${operationId} ${outcomeOf(answer)}`);
    for (const [name, at] of Object.entries(remember)) {
      memory[name] = valueAt(answer.json, at);
    }
  }
  return outcomes;
}

const SINGLE_SIGN_ON = {
  // Nothing listens there: the way to it ends with an error, which is an answer too.
  issuer: "http://127.0.0.1:9",
  clientId: "keyward",
  clientSecret: new Secret("secret"),
  label: "Example",
  allowedDomains: [],
  adminGroups: [],
  groupsClaim: "groups",
};

/** They need an app that has come by OAuth: see `apps.test.ts`. */
const OF_APPS = new Set(["answerConsentQuestion", "getConsentQuestion", "listApps", "revokeApp"]);

it("every route succeeds for whom it is for, with each of the answers that are described", async () => {
  const scene = await createScene({ singleSignOn: SINGLE_SIGN_ON });
  const outcomes = new Set(await tour(scene, TOUR));
  // Setup is done once, by one of two: the other is in the tour.
  const firstStart = await createTestApp();
  const setupToken = (await firstStart.admins.offerSetup())?.reveal();
  const body = { setup_token: setupToken, name: "Root", email: "root@example.com", password: PASSWORD };
  outcomes.add(`setUpAdmin ${outcomeOf(await firstStart.send("POST /api/v1/setup/admin", { body }))}`);
  const successes = OPERATIONS.filter(({ operationId }) => !OF_APPS.has(operationId)).flatMap(
    ({ operationId, statuses }) =>
      statuses.filter((status) => status < 400).map((status) => `${operationId} ${status}`),
  );
  expect([...outcomes].toSorted()).toEqual(successes.toSorted());
});
