import { NO_ORIGIN } from "../../src/core/audit.ts";
import type { Identity } from "../../src/core/identity.ts";
import { ADMIN_TOKEN, createTestApp, type SendOptions, type TestApp } from "./test-app.ts";

interface KeyHolder {
  readonly id: string;
  readonly key: string;
}

/** A gateway with one server that wants two headers, and two virtual keys of which `owner` may use it. */
export interface Scene extends TestApp {
  readonly serverId: string;
  readonly owner: KeyHolder;
  readonly stranger: KeyHolder;
  /** A fresh link of `owner`'s. */
  startFlow(): Promise<{ readonly flowId: string; readonly url: string; readonly token: string | null }>;
  /** Something that an identity has stored; no value is in it. @returns the credential's id */
  storeFor(identity: Identity): Promise<string>;
  /** Stores values for `owner` through a link. @returns the credential's id */
  connect(headers?: Readonly<Record<string, string>>): Promise<string>;
}

export const GOOD_VALUES = { "X-API-Key": "canary-7f3c9a11d2e84b", "X-Tenant": "acme-canary" };

export const SERVER = {
  name: "tracker",
  url: "https://mcp.example.com/mcp",
  auth_type: "per_user_headers",
  header_schema: [
    { name: "X-API-Key", label: "API key", help: "From your settings page.", help_url: "https://example.com/keys" },
    { name: "X-Tenant", required: false, secret: false },
  ],
  static_headers: { "X-Source": "static-canary-value" },
  sample_headers: { "X-API-Key": "sample-canary-value" },
};

/** The proof of whoever holds the link. */
export function byTempToken(token: string | null): SendOptions {
  return { headers: { Authorization: `Keyward-Temp-Token ${token ?? ""}` } };
}

export async function createScene(options: Parameters<typeof createTestApp>[0] = {}): Promise<Scene> {
  const test = await createTestApp(options);
  const { send } = test;

  async function created(request: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await send(request, { as: ADMIN_TOKEN, body });
    if (answer.status !== 201 && answer.status !== 200) {
      throw new Error(`${request} answered ${answer.status} ${answer.text}`);
    }
    return answer.json;
  }

  async function makeKey(name: string): Promise<KeyHolder> {
    const { id, key } = await created("POST /api/v1/virtual-keys", { name });
    return { id: String(id), key: String(key) };
  }

  const serverId = String((await created("POST /api/v1/servers", SERVER))["id"]);
  const owner = await makeKey("owner");
  const stranger = await makeKey("stranger");
  await created(`PUT /api/v1/servers/${serverId}/grants`, {
    grants: [{ auth_mode: "virtual_key", identity: owner.id }],
  });

  async function startFlow(): Promise<Awaited<ReturnType<Scene["startFlow"]>>> {
    const answer = await send(`POST /api/v1/servers/${serverId}/flow`, { as: owner.key });
    if (answer.status !== 201) {
      throw new Error(`no flow: ${answer.status} ${answer.text}`);
    }
    const { flow_id: flowId, url } = answer.json;
    return { flowId: String(flowId), url: String(url), token: String(url).split("#t=")[1] ?? null };
  }

  async function storeFor(identity: Identity): Promise<string> {
    const server = await test.store.findServer(serverId);
    if (server === null) {
      throw new Error("no server");
    }
    const { origin, schemaRevision } = server;
    const row = { identity, serverId, origin, schemaRevision, fieldNames: ["x-api-key"] };
    const stored = await test.store.upsertCredential(
      { ...row, verification: "proven", status: "active" },
      () => ({ keyId: "dk_scene", envelope: new Uint8Array(16) }),
      { ...NO_ORIGIN, actor: { kind: "system" }, outcome: "ok", serverId, identity },
    );
    return stored.id;
  }

  return {
    ...test,
    serverId,
    owner,
    stranger,
    startFlow,
    storeFor,
    async connect(headers = GOOD_VALUES) {
      const { flowId } = await startFlow();
      const answer = await send(`PUT /api/v1/flows/${flowId}`, { as: owner.key, body: { headers } });
      if (answer.status !== 200) {
        throw new Error(`not connected: ${answer.status} ${answer.text}`);
      }
      return String(answer.json["credential_id"]);
    },
  };
}
