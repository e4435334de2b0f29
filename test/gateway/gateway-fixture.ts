import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createAuthRequiredIssuer } from "../../src/core/auth-required.ts";
import { createCompletions } from "../../src/core/completions.ts";
import { createCallers, type Callers } from "../../src/core/callers.ts";
import { parseHeaderSchema } from "../../src/core/header-schema.ts";
import { HeadersProvider } from "../../src/core/headers-provider.ts";
import { createLinkIssuer } from "../../src/core/link-issuer.ts";
import { type Identity, identityKey } from "../../src/core/identity.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import type { AccessToken } from "../../src/core/oauth-port.ts";
import { oauthRecordId } from "../../src/core/oauth-record-id.ts";
import { mcpAudience } from "../../src/core/oauth-resource.ts";
import type {
  CallHeaders,
  Clock,
  LogFields,
  Logger,
  McpAnswer,
  McpMessage,
  Random,
  Vault,
} from "../../src/core/ports.ts";
import type { Verdict } from "../../src/core/rejection.ts";
import type { Resolution } from "../../src/core/resolver.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Discovered, Server, UpstreamOrigin } from "../../src/core/server.ts";
import type { Access } from "../../src/core/access-port.ts";
import type { FlowToInitiate, SubmissionFlow } from "../../src/core/flow-port.ts";
import { mintToken } from "../../src/core/token.ts";
import type { PresentedKey } from "../../src/core/virtual-key.ts";
import { createListChanges } from "../../src/gateway/all/list-changes.ts";
import { createGateway } from "../../src/gateway/endpoint.ts";

export const NOW = Date.UTC(2026, 9, 24, 12, 0, 0);
export const REQUEST_ID = "req_1";
export const PUBLIC_URL = "http://127.0.0.1:4180";

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** What the upstream was asked, and for which credential. */
export interface UpstreamCall {
  readonly server: string;
  readonly headers: CallHeaders;
  readonly message: McpMessage;
  readonly signal: AbortSignal | undefined;
}

export type UpstreamBehaviour = (call: UpstreamCall) => McpAnswer | Promise<McpAnswer>;

export function aTool(name: string, more: JsonObject = {}): JsonObject {
  return { name, inputSchema: { type: "object" }, ...more };
}

export function discovered(tools: readonly JsonObject[], more: Partial<Discovered> = {}): Discovered {
  return {
    tools,
    era: "legacy",
    protocolVersion: "2025-11-25",
    isStateful: false,
    serverInfo: null,
    instructions: null,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    capabilities: {},
    at: NOW,
    ...more,
  };
}

export function aServer(name: string, more: Partial<Server> = {}): Server {
  return {
    id: `srv_${name}`,
    name,
    url: `https://${name}.example/mcp`,
    origin: `https://${name}.example` as UpstreamOrigin,
    transport: "streamable_http",
    authType: "per_user_headers",
    headerSchema: parseHeaderSchema([{ name: "X-API-Key" }, { name: "X-Tenant", isRequired: false }]),
    schemaRevision: 1,
    staticHeaderNames: [],
    staticHeaders: null,
    allowAllIdentities: true,
    linkPolicy: "inherit",
    verification: { probeTool: null, hasNegativeControl: true },
    tools: null,
    status: "ready",
    discovered: discovered([aTool("echo")]),
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    ...more,
  };
}

export function readyWith(server: Server, value: string): Resolution {
  const [field] = server.headerSchema;
  const userHeaders = new Map(field === undefined ? [] : [[field.name, new Secret(value)] as const]);
  const credential = { id: `cred_${server.name}`, version: 1 };
  return {
    kind: "ready",
    headers: {
      origin: server.origin,
      staticHeaders: new Map(),
      userHeaders,
      plainNames: new Set(),
      identity: null,
      credential,
    },
  };
}

/** Records every line. */
export function memoryLogger(lines: LogLine[]): Logger {
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}): void => {
      lines.push({ level, event, fields });
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function countingRandom(): Random {
  let count = 0;
  return {
    bytes(length) {
      count += 1;
      return new Uint8Array(length)
        .fill(0)
        .with(0, count % 256)
        .with(1, Math.floor(count / 256) % 256);
    },
  };
}

const vault: Pick<Vault, "digest"> = {
  digest: (purpose, token) => createHash("sha256").update(`${purpose}\0${token.reveal()}`).digest("hex"),
};

/** Everything behind the gateway, in memory. Tests set what they need. */
export class World {
  now = NOW;
  readonly lines: LogLine[] = [];
  readonly servers: Server[] = [];
  readonly calls: UpstreamCall[] = [];
  readonly touched: string[] = [];
  /** What somebody has been told of: credential and version. */
  readonly told: string[] = [];
  readonly flows = new Map<string, SubmissionFlow>();
  /** How often a flow was asked for. */
  initiations = 0;
  /** Server names that an identity may not use. */
  readonly denied = new Set<string>();
  /** Tools by server name: what the caller's grant allows. */
  readonly grantedTools = new Map<string, readonly string[]>();
  /** By identity key and server name; default: nothing is on file. */
  readonly resolutions = new Map<string, Resolution>();
  upstream: UpstreamBehaviour = () => ({ kind: "result", result: { content: [{ type: "text", text: "done" }] } });
  /** What a second look at a refusal comes to. */
  verdict: Verdict = "rejected";
  areSessionsEnabled = false;
  /** What the store throws when it is asked for a key, for access or a flow, and when a use is noted. */
  readonly errors: { keys?: Error; access?: Error; flows?: Error; touch?: Error } = {};
  hasLinkTokens = false;
  readonly accessTokens = new Map<string, AccessToken>();
  readonly liveApps = new Set<string>();
  isOauthEnabled = true;
  readonly #keys = new Map<string, PresentedKey>();
  readonly #random = countingRandom();

  readonly clock: Clock = { now: () => this.now, schedule: () => () => {} };

  /** @returns the key's text, as its holder has it */
  addKey(id: string, more: Partial<PresentedKey> = {}): string {
    const { secret } = mintToken("virtual_key", this.#random);
    this.#keys.set(vault.digest("virtual_key", secret), {
      id,
      name: id,
      prefix: "kw_xxxxx",
      ownerUserId: null,
      isEnabled: true,
      expiresAt: null,
      rateLimitPerMinute: null,
      createdBy: "adm_1",
      createdAt: NOW,
      lastUsedAt: null,
      revokedAt: null,
      rotatedAt: null,
      previousExpiresAt: null,
      isPrevious: false,
      isOwnerEnabled: true,
      ...more,
    });
    return secret.reveal();
  }

  /** Connects an app for a user. @returns the access token's text, as the app has it */
  addAccessToken(userId: string, more: Partial<AccessToken> = {}): string {
    const { secret } = mintToken("access_token", this.#random);
    const token: AccessToken = {
      appId: `app_${userId}`,
      userId,
      resource: mcpAudience(PUBLIC_URL),
      expiresAt: this.now + 600_000,
      grantExpiresAt: this.now + 86_400_000,
      isUserEnabled: true,
      ...more,
    };
    this.accessTokens.set(oauthRecordId(vault, "AccessToken", secret.reveal()), token);
    this.liveApps.add(token.appId);
    return secret.reveal();
  }

  resolve(identity: Identity, server: Server, resolution: Resolution): void {
    this.resolutions.set(`${identityKey(identity)} ${server.name}`, resolution);
  }

  #accessTo(server: Server | undefined): Access | null {
    if (this.errors.access !== undefined) throw this.errors.access;
    if (server === undefined || this.denied.has(server.name)) return null;
    return { server, tools: this.grantedTools.get(server.name) ?? server.tools };
  }

  #touch(id: string): void {
    if (this.errors.touch !== undefined) throw this.errors.touch;
    this.touched.push(id);
  }

  #provider(logger: Logger): HeadersProvider {
    const initiateFlow = async (flow: FlowToInitiate): Promise<SubmissionFlow | null> => {
      this.initiations += 1;
      if (this.errors.flows !== undefined) throw this.errors.flows;
      const key = `${flow.serverId} ${identityKey(flow.identity)}`;
      const known = this.flows.get(key) ?? {
        id: flow.newFlowId,
        identity: flow.identity,
        serverId: flow.serverId,
        state: "pending",
        attempts: 0,
        schemaRevision: 1,
        origin: "https://x.example" as UpstreamOrigin,
        requestedBy: flow.requestedBy,
        openedAt: null,
        credentialId: null,
        expiresAt: NOW + flow.ttlMs,
        createdAt: NOW,
        updatedAt: NOW,
      };
      this.flows.set(key, known);
      return known;
    };
    const provider = new HeadersProvider({
      store: { initiateFlow } as unknown as ConstructorParameters<typeof HeadersProvider>[0]["store"],
      vault: vault as Vault,
      logger,
      clock: this.clock,
      random: this.#random,
    });
    if (this.hasLinkTokens) {
      provider.setTempTokenService({
        mintForFlow: async () => new Secret("kwt_token"),
      } as unknown as Parameters<HeadersProvider["setTempTokenService"]>[0]);
    }
    return provider;
  }

  callers(): Callers {
    return createCallers({
      store: {
        findVirtualKeyByDigest: async (digest) => {
          if (this.errors.keys !== undefined) throw this.errors.keys;
          return this.#keys.get(digest) ?? null;
        },
        findAccessToken: async (id) => this.accessTokens.get(id) ?? null,
        isAppLive: async (id) => this.liveApps.has(id),
      },
      vault,
      clock: this.clock,
      areSessionsEnabled: this.areSessionsEnabled,
      audience: this.isOauthEnabled ? mcpAudience(PUBLIC_URL) : null,
    });
  }

  gateway(): ReturnType<typeof createGateway> {
    const logger = memoryLogger(this.lines);
    return createGateway({
      callers: this.callers(),
      store: {
        findAccess: async (_identity, name) => this.#accessTo(this.servers.find((server) => server.name === name)),
        listAccess: async () =>
          this.servers.map((server) => this.#accessTo(server)).filter((access) => access !== null),
        touchCredential: async ({ credentialId }) => this.#touch(credentialId),
        noteTold: async (id, version) => void this.told.push(`${id}/${version}`),
        touchVirtualKey: async (id) => this.#touch(id),
        touchApp: async (id) => this.#touch(id),
        listAudit: async () => ({ items: [], nextCursor: null }),
        appendAudit: async () => {},
      },
      resolver: {
        resolve: async (identity, server) =>
          this.resolutions.get(`${identityKey(identity)} ${server.name}`) ?? {
            kind: "auth_required",
            reason: "missing",
          },
      },
      issuer: createAuthRequiredIssuer(
        createLinkIssuer({
          provider: this.#provider(logger),
          store: { takeAttempt: async () => true },
          vault,
          clock: this.clock,
          publicUrl: PUBLIC_URL,
        }),
      ),
      upstream: {
        list: async (server, _headers, kind) => ({
          kind: "listed",
          items: server.discovered?.[kind] ?? [],
          omitted: 0,
        }),
        greet: async () => ({ kind: "failed", code: "upstream_unreachable" }),
        listen: async () => ({ kind: "failed", code: "upstream_protocol" }),
        endSession: async () => {},
        exchange: async (server, headers, _peer, { method, params, idText }, sink, options) => {
          const message = { method, params };
          const call = { server: server.name, headers, message, signal: options?.signal };
          const isList = method === "tools/list";
          if (!isList) this.calls.push(call);
          const answer: McpAnswer = isList
            ? { kind: "result", result: { tools: server.discovered?.tools ?? [] } }
            : await this.upstream(call);
          if (answer.kind === "refused" || answer.kind === "failed") {
            return answer;
          }
          const rest = answer.kind === "result" ? { result: answer.result } : { error: { ...answer.error } };
          const response: JsonObject = { jsonrpc: "2.0", id: JSON.parse(idText ?? "null") as JsonValue, ...rest };
          const era = server.discovered?.era ?? "legacy";
          await sink({
            kind: "response",
            text: JSON.stringify(response),
            message: response,
            era,
            status: 200,
            event: null,
          });
          return { kind: "answered" };
        },
      },
      rejections: { judge: async () => this.verdict },
      completions: createCompletions({ logger }),
      listChanges: createListChanges(),
      vault,
      random: this.#random,
      clock: this.clock,
      logger,
      publicUrl: PUBLIC_URL,
      version: "9.9.9",
      oauthUrl: this.isOauthEnabled ? PUBLIC_URL : null,
    });
  }
}

export interface Listener {
  readonly port: number;
  readonly url: string;
  /** Resolves when the next client leaves before it is answered. */
  clientLeft(): Promise<void>;
  close(): Promise<void>;
}

/** The gateway on a real listener, as the server puts it there. */
export async function listen(world: World): Promise<Listener> {
  const gateway = world.gateway();
  const left = new EventEmitter();
  const server = createServer((req, res) => {
    res.once("close", () => void (res.writableFinished || left.emit("left")));
    void gateway.handle(req, res, { requestId: REQUEST_ID, address: "192.0.2.7" });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    clientLeft: async () => void (await once(left, "left")),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body, null when there is none. */
  readonly body: { readonly [key: string]: JsonValue } | null;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Name and value pairs as they go on the wire, doubled names too. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

/** One request, byte for byte as it is written here. */
export function send(
  { port }: Listener,
  { method = "POST", path = "/mcp", headers = [], body }: RawRequest,
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const outgoing = request({ port, host: "127.0.0.1", method, path, agent: false });
  for (const name of new Set(headers.map(([name]) => name))) {
    const values = headers.filter(([other]) => other === name).map(([, value]) => value);
    outgoing.setHeader(name, values.length === 1 ? (values[0] ?? "") : values);
  }
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const parsed = text === "" ? null : (JSON.parse(text) as RawAnswer["body"]);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
    });
  });
  outgoing.end(body);
  return promise;
}

export const JSON_TYPE = ["content-type", "application/json"] as const;

export function bearer(key: string): readonly [string, string] {
  return ["authorization", `Bearer ${key}`];
}

export function rpc(method: string, params?: JsonObject, id: JsonValue = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) });
}

/** A legacy request: no `_meta`, no `Mcp-*` headers. */
export function legacy(key: string, method: string, params: JsonObject = {}, path = "/mcp"): RawRequest {
  return { path, headers: [bearer(key), JSON_TYPE], body: rpc(method, params) };
}

export const MODERN_META: JsonObject = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "fixture", version: "1.2" },
};

/** A modern request, with the headers that belong to it. */
export function modern(key: string, method: string, params: JsonObject = {}, path = "/mcp"): RawRequest {
  const named = params["name"] ?? params["uri"];
  return {
    path,
    headers: [
      bearer(key),
      JSON_TYPE,
      ["mcp-protocol-version", "2026-07-28"],
      ["mcp-method", method],
      ...(typeof named === "string" ? [["mcp-name", named] as const] : []),
    ],
    body: rpc(method, { _meta: MODERN_META, ...params }),
  };
}
