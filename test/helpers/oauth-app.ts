import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { actionOn, NEGOTIATION, OPENS_URLS, type ClientKind, type ClientOptions } from "./mcp-clients.ts";

/** What an application keeps of OAuth, for all its windows. */
interface Kept {
  client?: Record<string, unknown>;
  tokens?: { readonly access_token: string; readonly refresh_token?: string };
  verifier?: string;
  discovery?: Record<string, unknown>;
}

interface AppOptions {
  readonly redirectUrl?: string;
  /** The URL of its metadata document, if it has one; otherwise it registers itself. */
  readonly documentUrl?: string;
}

/**
 * An application that is given a URL and nothing else: what the official SDKs want to be handed, with storage of its own.
 * Both generations take the same object.
 */
export class OauthApp {
  readonly kept: Kept = {};
  /** Where it wants to send the person; null = nowhere. */
  sentTo: URL | null = null;
  readonly redirectUrl: string;
  // Declared by a document alone, because its absence is what makes a client register itself.
  declare readonly clientMetadataUrl: string;
  readonly clientMetadata: {
    readonly client_name: string;
    readonly redirect_uris: string[];
    readonly grant_types: string[];
    readonly response_types: string[];
    readonly token_endpoint_auth_method: string;
  };

  constructor({ redirectUrl = "http://localhost:33418/callback", documentUrl }: AppOptions = {}) {
    this.redirectUrl = redirectUrl;
    if (documentUrl !== undefined) Object.assign(this, { clientMetadataUrl: documentUrl });
    this.clientMetadata = {
      client_name: "Test app",
      redirect_uris: [redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }

  state(): string {
    return "the-state";
  }

  clientInformation(): never {
    return this.kept.client as never;
  }

  saveClientInformation(client: object): void {
    this.kept.client = { ...client };
  }

  tokens(): never {
    return this.kept.tokens as never;
  }

  saveTokens(tokens: object): void {
    this.kept.tokens = { ...tokens } as NonNullable<Kept["tokens"]>;
  }

  redirectToAuthorization(url: URL): void {
    this.sentTo = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.kept.verifier = verifier;
  }

  codeVerifier(): string {
    return this.kept.verifier ?? "";
  }

  discoveryState(): never {
    return this.kept.discovery as never;
  }

  saveDiscoveryState(state: object): void {
    this.kept.discovery = { ...state };
  }

  invalidateCredentials(scope: "all" | "client" | "tokens" | "verifier" | "discovery"): void {
    const gone = { client: ["client"], tokens: ["tokens"], verifier: ["verifier"], discovery: ["discovery"] };
    const names = scope === "all" ? Object.keys(gone) : gone[scope];
    for (const name of names) {
      delete this.kept[name as keyof Kept];
    }
  }
}

/** One window of an application. */
export interface Window {
  /** Resolves when it is connected; rejects when the person has to be asked first. */
  connect(): Promise<void>;
  /** What happens when the person comes back. */
  finish(callback: URL): Promise<void>;
  listTools(): Promise<readonly string[]>;
  callTool(name: string): Promise<string>;
  close(): Promise<void>;
}

const INFO = { name: "oauth-app", version: "1" };

export function openWindow(kind: ClientKind, url: string, app: OauthApp, options: ClientOptions = {}): Window {
  return kind === "SDK v1" ? openV1(url, app, options) : openV2(url, app, kind, options);
}

function openV1(url: string, app: OauthApp, { onUrl }: ClientOptions): Window {
  const client = new ClientV1(INFO, { capabilities: onUrl === undefined ? {} : OPENS_URLS });
  if (onUrl !== undefined) {
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ action: actionOn(params, onUrl) }));
  }
  const transport = () => new TransportV1(new URL(url), { authProvider: app });
  return {
    connect: () => client.connect(transport()),
    finish: (callback) => transport().finishAuth(callback.searchParams.get("code") ?? ""),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name) => textIn(await client.callTool({ name, arguments: {} })),
    close: () => client.close(),
  };
}

function openV2(url: string, app: OauthApp, kind: Exclude<ClientKind, "SDK v1">, { onUrl }: ClientOptions): Window {
  const client = new ClientV2(INFO, {
    versionNegotiation: { mode: NEGOTIATION[kind] },
    capabilities: onUrl === undefined ? {} : OPENS_URLS,
  });
  if (onUrl !== undefined) {
    client.setRequestHandler("elicitation/create", ({ params }) => ({ action: actionOn(params, onUrl) }));
  }
  const transport = () => new TransportV2(new URL(url), { authProvider: app });
  return {
    connect: () => client.connect(transport()),
    finish: (callback) => transport().finishAuth(callback.searchParams),
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    callTool: async (name) => textIn(await client.callTool({ name, arguments: {} })),
    close: () => client.close(),
  };
}

function textIn(result: unknown): string {
  const { content } = result as { readonly content: readonly { readonly text?: string }[] };
  return content.map(({ text = "" }) => text).join("\n");
}
