import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { createAccessControl } from "../../src/core/access.ts";
import { createAdmins, type Admins } from "../../src/core/admins.ts";
import { createCallers } from "../../src/core/callers.ts";
import { createConnectedApps, type ConnectedApps } from "../../src/core/connected-apps.ts";
import { createCredentialTests } from "../../src/core/credential-tests.ts";
import { createRejections } from "../../src/core/rejection.ts";
import { createResolver } from "../../src/core/resolver.ts";
import { createCompletions } from "../../src/core/completions.ts";
import type { Binding, CredentialRecord } from "../../src/core/credential.ts";
import { HeadersProvider } from "../../src/core/headers-provider.ts";
import type { ListChangeScope } from "../../src/core/list-change.ts";
import { createGroups } from "../../src/core/groups.ts";
import { createLinkIssuer } from "../../src/core/link-issuer.ts";
import { createKeyIssuer } from "../../src/core/key-issuer.ts";
import { createOpeners } from "../../src/core/opener.ts";
import { createPeople } from "../../src/core/people.ts";
import type { Clock, LogFields, Random, Upstream, Vault, VerifyOutcome } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import type { Server } from "../../src/core/server.ts";
import { createServerRegistry } from "../../src/core/server-registry.ts";
import type { Store } from "../../src/core/store-port.ts";
import { createSubmissions } from "../../src/core/submission.ts";
import { createTempTokenService } from "../../src/core/temp-token.ts";
import { createHttpApp, type HttpApp, type HttpParts } from "../../src/http/app.ts";
import type { Settings } from "../../src/http/settings.ts";
import { composeSignIn } from "../../src/http/sign-in/compose-sign-in.ts";
import type { SingleSignOnOptions } from "../../src/http/sign-in/single-sign-on.ts";
import type { SignInDatabase } from "../../src/store/sign-in-database.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { stepsOf } from "../../src/upstream/verify-steps.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { differenceFromDescription } from "./conformance.ts";

export const ADMIN_TOKEN = "admin-token-of-the-test-configuration";
export const PUBLIC_URL = "http://127.0.0.1:4180";

/** The page's bytes are the web build's affair; here only that they are served as they lie there. */
const PAGE: Readonly<Record<string, string>> = {
  "index.html": `<!doctype html><script type="module" src="/assets/connect/link.js"></script>`,
  "link.js": "export const link = 1;\n",
  "connect.css": "main { color: black }\n",
  "notes.txt": "not for the web",
};

const DASHBOARD: Readonly<Record<string, string>> = {
  "index.html": `<!doctype html><meta nonce="%CSP_NONCE%"><script type="module" src="/assets/dashboard/index-a1.js"></script>`,
  "index-a1.js": "export const dashboard = 1;\n",
  "index-b2.css": "main { color: black }\n",
};

interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
}

export interface TestApp {
  readonly app: HttpApp;
  readonly store: Store;
  readonly signInDatabase: SignInDatabase;
  readonly vault: Pick<Vault, "digest">;
  readonly admins: Admins;
  readonly clock: { now: number };
  /** Every line logged so far. */
  readonly log: LogLine[];
  /** Names of the store's methods that were called, in order. */
  readonly storeCalls: string[];
  /** What was done towards the upstream; `verify` carries the values that were to be sent. */
  readonly dials: string[];
  /** Bindings that values were announced for, each with what the store had for it at that moment. */
  readonly announced: { readonly binding: Binding; readonly stored: Promise<CredentialRecord | null> }[];
  /** Whose lists were said to have changed, oldest first. */
  readonly changed: ListChangeScope[];
  /** How the next verifications end; default: accepted and proven. Their steps are those of such an end. */
  answerVerify(end: VerifyEnd): void;
  /** `send("GET /api/v1/me", { as: key })`; a string body is sent as it is, anything else as JSON. */
  send(request: string, options?: SendOptions): Promise<Answer>;
}

type WithoutSteps<T> = T extends VerifyOutcome ? Omit<T, "steps"> : never;
type VerifyEnd = WithoutSteps<VerifyOutcome>;

export interface SendOptions {
  /** A virtual key or admin token, sent as bearer. */
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly requestId?: string;
  readonly rawPath?: string;
  /** Client address; default 203.0.113.9. */
  readonly address?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; null when there is none or it is not JSON. */
  readonly json: Record<string, unknown>;
}

export const random: Random = { bytes: (length) => randomBytes(length) };

const SETTINGS: Settings = {
  database: "sqlite",
  oauth: { isEnabled: false, reason: "This is a test." },
  sso: null,
  areTempTokenLinksEnabled: false,
  areSessionIdentitiesEnabled: false,
  orphanRetentionDays: 30,
  trustedProxies: [],
  allowedPrivateUpstreams: [],
  warnings: [],
};

const ACCEPTED: VerifyEnd = {
  kind: "accepted",
  strength: "proven",
  discovered: {
    tools: [
      { name: "search", description: "Finds things." },
      { name: "write", inputSchema: {} },
    ],
    era: "modern",
    protocolVersion: "2026-07-28",
    isStateful: false,
    serverInfo: { name: "upstream", version: "1.0.0" },
    instructions: null,
    prompts: [],
    resources: [],
    resourceTemplates: [],
    capabilities: {},
    at: 1_000,
  },
};

/** The app over the real policies, store and vault; only the upstream is a script. Cleans up after the test. */
export async function createTestApp(
  options: {
    readonly areTempTokenLinksEnabled?: boolean;
    readonly areSessionsEnabled?: boolean;
    /** `null` = no configured token, so that setup is open. */
    readonly adminToken?: string | null;
    readonly singleSignOn?: SingleSignOnOptions;
    readonly hasRealPasswordCost?: boolean;
    readonly parts?: Partial<HttpParts>;
    readonly connectedApps?: (store: Store) => ConnectedApps;
    /** What a method of the store throws instead of doing its work. */
    readonly failures?: Readonly<Partial<Record<keyof Store, Error>>>;
  } = {},
): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-http-"));
  const time = { now: 1_785_000_000_000 };
  const clock: Clock = { now: () => time.now, schedule: () => () => {} };
  const log: LogLine[] = [];
  const write =
    (level: LogLine["level"]) =>
    (event: string, fields: LogFields = {}) =>
      void log.push({ level, event, fields });
  const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };

  const { store: sqlite, signInDatabase } = await openSqlite({
    path: join(folder, "keyward.db"),
    clock,
    random,
    logger,
  });
  onTestFinished(async () => {
    await sqlite.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const keyEncryption = new LocalKeyEncryption(createSecretKey(randomBytes(32)), random);
  const vault = await openVault({ keyStore: sqlite, keyEncryption, random, logger });
  const storeCalls: string[] = [];
  const store = spyOn(sqlite, storeCalls, options.failures ?? {});

  const dials: string[] = [];
  const changed: ListChangeScope[] = [];
  const listChanges = { changed: (scope: ListChangeScope) => void changed.push(scope) };
  let end: VerifyEnd = ACCEPTED;
  const upstream = scriptedUpstream(dials, () => end);
  const announced: TestApp["announced"] = [];
  const completions = createCompletions({ logger });
  completions.subscribe(({ identity, serverId }) => {
    const binding = { identity, serverId };
    announced.push({ binding, stored: sqlite.readCredential(binding) });
  });
  const provider = new HeadersProvider({ store, vault, logger, clock, random });
  const tempTokens = createTempTokenService({
    store,
    vault,
    random,
    areLinksEnabled: options.areTempTokenLinksEnabled ?? false,
  });
  provider.setTempTokenService(tempTokens);
  const callers = createCallers({ store, vault, clock, areSessionsEnabled: options.areSessionsEnabled ?? false });
  const { adminToken = ADMIN_TOKEN } = options;
  const configuredToken = adminToken === null ? null : new Secret(adminToken);
  const admins = createAdmins({ store, vault, random, configuredToken });
  const app = createHttpApp({
    store,
    registry: createServerRegistry({ store, vault, upstream, random, listChanges }),
    credentialTests: createCredentialTests({
      store,
      resolver: createResolver({ store, vault, logger }),
      upstream,
      rejections: createRejections({ store, upstream, clock, logger }),
      clock,
    }),
    access: createAccessControl({ store, upstream, listChanges }),
    keyIssuer: createKeyIssuer({ store, vault, random }),
    people: createPeople({ store, vault, random, upstream, listChanges }),
    groups: createGroups({ store, random, upstream, listChanges }),
    settings: SETTINGS,
    admins,
    callers,
    openers: createOpeners({ store, tempTokens, callers, admins, clock }),
    submissions: createSubmissions({ store, vault, upstream, completions, random, logger }),
    links: createLinkIssuer({ provider, store, vault, clock, publicUrl: PUBLIC_URL }),
    connectedApps: (options.connectedApps ?? ((from) => createConnectedApps({ store: from })))(store),
    consents: null,
    signIn: composeSignIn({
      store,
      database: signInDatabase,
      vault,
      random,
      clock,
      logger,
      publicUrl: options.parts?.publicUrl ?? PUBLIC_URL,
      singleSignOn: options.singleSignOn ?? null,
      ...(options.hasRealPasswordCost === true ? {} : { passwordCost: { memoryKib: 64, passes: 1 } }),
    }),
    vault,
    random,
    clock,
    logger,
    publicUrl: PUBLIC_URL,
    version: "1.2.3",
    readiness: () => Promise.resolve({ store: true, keys: true }),
    connectPage: { directory: writePage(folder) },
    dashboard: { directory: writePage(folder, DASHBOARD) },
    ...options.parts,
  });

  return {
    app,
    store,
    signInDatabase,
    vault,
    admins,
    clock: time,
    log,
    storeCalls,
    dials,
    announced,
    changed,
    answerVerify(next) {
      end = next;
    },
    send: (request, sendOptions) => send(app, request, sendOptions),
  };
}

function writePage(folder: string, files: Readonly<Record<string, string>> = PAGE): string {
  const directory = mkdtempSync(join(folder, "page-"));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

let requestCount = 0;

async function send(app: HttpApp, request: string, options: SendOptions = {}): Promise<Answer> {
  const [method = "", target = ""] = request.split(" ");
  const { as, headers, body, requestId, rawPath, address } = options;
  const path = target.split("?", 1)[0] ?? "";
  requestCount += 1;
  const response = await app.request(
    target,
    {
      method,
      headers: {
        ...(as === undefined ? {} : { Authorization: `Bearer ${as}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    },
    {
      requestId: requestId ?? `req_${requestCount}`,
      address: address ?? "203.0.113.9",
      rawPath: rawPath ?? path,
    },
  );
  const text = await response.text();
  const contentType = response.headers.get("content-type");
  if (method !== "HEAD") {
    // Every answer of every test is compared with the API description.
    expect(
      differenceFromDescription(method, rawPath ?? path, { status: response.status, contentType, text }),
    ).toBeNull();
  }
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** `401 unauthenticated`, or the status alone when the answer is no error. */
export function outcomeOf(answer: Answer): string {
  const error = answer.json["error"] as { readonly code?: string } | undefined;
  return error === undefined ? String(answer.status) : `${answer.status} ${error.code}`;
}

export function errorOf(answer: Answer): { code: string; message: string; details?: Record<string, unknown> } {
  return answer.json["error"] as ReturnType<typeof errorOf>;
}

function withSteps(end: VerifyEnd, server: Server): VerifyOutcome {
  const trial = end.kind === "unknown" ? ({ kind: "unknown", step: "connect" } as const) : end;
  const isProven = end.kind === "accepted" && end.strength === "proven";
  return { ...end, steps: stepsOf(trial, server, isProven ? "refused" : "skipped") };
}

function scriptedUpstream(dials: string[], end: () => VerifyEnd): Upstream {
  return {
    async verify(server, headers) {
      const values = [...headers.userHeaders].map(([name, value]) => `${name}=${value.reveal()}`);
      dials.push(`verify ${values.join("&")}`);
      return withSteps(end(), server);
    },
    assertAllowed(url) {
      dials.push(`assertAllowed ${url.host}`);
      return Promise.resolve();
    },
    request: () => Promise.resolve({ kind: "failed", code: "upstream_unreachable" }),
    greet: () => Promise.resolve({ kind: "failed", code: "upstream_unreachable" }),
    exchange: () => Promise.resolve({ kind: "failed", code: "upstream_unreachable" }),
    listen: () => Promise.resolve({ kind: "failed", code: "upstream_unreachable" }),
    endSession: () => Promise.resolve(),
    list: () => Promise.resolve({ kind: "failed", code: "upstream_unreachable" }),
    forgetCredential: (id) => void dials.push(`forgetCredential ${id}`),
    forgetServer: (id) => void dials.push(`forgetServer ${id}`),
  };
}

function spyOn(store: Store, calls: string[], failures: Readonly<Partial<Record<keyof Store, Error>>>): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const member: unknown = target[name];
      if (typeof member !== "function") {
        return member;
      }
      return (...args: unknown[]): unknown => {
        calls.push(name);
        const failure = failures[name];
        return failure !== undefined ? Promise.reject(failure) : Reflect.apply(member, target, args);
      };
    },
  });
}
