import { describe, expect, it } from "vitest";
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
  readonly statuses: readonly number[];
}

async function describedOperations(): Promise<readonly Operation[]> {
  const { send } = await createTestApp();
  const paths = (await send("GET /openapi.json")).json["paths"] as Record<
    string,
    Record<string, { operationId: string; security: Record<string, unknown>[]; responses: Record<string, unknown> }>
  >;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security, responses }]) => ({
      operationId,
      route: `${method.toUpperCase()} ${path}`,
      proofs: security.flatMap((proof) => Object.keys(proof)),
      statuses: Object.keys(responses).map(Number),
    })),
  );
}

/** A request that cannot succeed: the ids are nobody's, and the body is not even JSON and names a command. */
function hopeless({ route }: Operation): [request: string, options: SendOptions] {
  const request = route.replaceAll(/\{[a-z_]+\}/g, "x");
  return [request, route.startsWith("GET") ? {} : { body: `{"transport":"stdio","command":"/bin/sh",` }];
}

const NOBODIES: readonly SendOptions[] = [
  {},
  { as: "kw_wrong" },
  { as: "kwa_wrong" },
  { as: "undefined" },
  { headers: { Authorization: "" } },
  { headers: { Authorization: "Basic YWRtaW46YWRtaW4=" } },
  { headers: { "Keyward-Session": "s".repeat(40) } },
];

describe("A47: what is not for anybody is refused to nobody, before anything is read or dialled", () => {
  it("A47: every route that wants a proof answers 401 without a good one, and asks the store for nothing", async () => {
    const { send, storeCalls, dials } = await createScene();
    dials.length = 0;
    const operations = (await describedOperations()).filter(({ proofs }) => proofs.length > 0);
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
    const operations = (await describedOperations()).filter(
      ({ proofs }) => proofs.length > 0 && !proofs.includes("virtualKey"),
    );
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

/** What one step of the tour leaves for the next. */
type Memory = Record<string, string>;

interface Step {
  readonly operationId: string;
  /** `{name}` is filled in from what was remembered. */
  readonly request: string;
  /** Texts that are `{name}` are filled in. */
  readonly body?: unknown;
  readonly as?: "key" | "nobody";
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
  step("revokeCredential", "DELETE /api/v1/credentials/{credentialId}"),

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

/** @returns `createUser 201` for each step */
async function tour(scene: Scene, steps: readonly Step[]): Promise<readonly string[]> {
  const memory: Memory = { serverId: scene.serverId };
  memory["setupToken"] = (await scene.admins.offerSetup())?.reveal() ?? "";
  const outcomes: string[] = [];
  for (const { operationId, request, body, as, remember = {} } of steps) {
    const proof = as === "nobody" ? {} : { as: as === "key" ? scene.owner.key : ADMIN_TOKEN };
    const target = String(fillIn(request, memory));
    const answer = await scene.send(target, {
      ...proof,
      ...(body === undefined ? {} : { body: fillIn(body, memory) }),
    });
    outcomes.push(`${operationId} ${outcomeOf(answer)}`);
    for (const [name, path] of Object.entries(remember)) {
      memory[name] = valueAt(answer.json, path);
    }
  }
  return outcomes;
}

it("every route succeeds for whom it is for, with each of the answers that are described", async () => {
  const scene = await createScene();
  const outcomes = new Set(await tour(scene, TOUR));
  const successes = (await describedOperations()).flatMap(({ operationId, statuses }) =>
    statuses.filter((status) => status < 300).map((status) => `${operationId} ${status}`),
  );
  expect([...outcomes].toSorted()).toEqual(successes.toSorted());
});
