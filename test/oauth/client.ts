import { createHash, randomBytes } from "node:crypto";
import type { Browser } from "./browser.ts";

export interface TokenAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

interface Registered {
  readonly client_id: string;
  readonly client_secret?: string;
}

export const REDIRECT = "http://127.0.0.1:33418/callback";

/** An OAuth client that says exactly what a test wants it to say. */
export class Client {
  readonly url: string;
  readonly id: string;
  readonly secret: string | undefined;
  readonly redirect: string;
  verifier: string = randomBytes(32).toString("base64url");

  constructor(url: string, { client_id, client_secret }: Registered, redirect: string = REDIRECT) {
    this.url = url;
    this.id = client_id;
    this.secret = client_secret;
    this.redirect = redirect;
  }

  static async register(url: string, metadata: object = {}): Promise<Client> {
    const { status, body } = await register(url, metadata);
    if (status !== 201) {
      throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    }
    const [redirect] = body["redirect_uris"] as string[];
    return new Client(url, body as unknown as Registered, redirect);
  }

  authorizeUrl(more: Record<string, string | null> = {}): URL {
    const url = new URL("/oauth/authorize", this.url);
    const challenge = createHash("sha256").update(this.verifier).digest("base64url");
    const parameters = {
      response_type: "code",
      client_id: this.id,
      redirect_uri: this.redirect,
      state: "the-state",
      code_challenge: challenge,
      code_challenge_method: "S256",
      resource: `${this.url}/mcp`,
      ...more,
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== null) url.searchParams.set(name, value);
    }
    return url;
  }

  async post(path: string, body: Record<string, string>, headers: Record<string, string> = {}): Promise<TokenAnswer> {
    const basic =
      this.secret === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`${this.id}:${this.secret}`).toString("base64")}` };
    const response = await fetch(this.url + path, {
      method: "POST",
      headers: { accept: "application/json", ...basic, ...headers },
      body: new URLSearchParams({ ...(this.secret === undefined ? { client_id: this.id } : {}), ...body }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as TokenAnswer["body"]) };
  }

  exchange(code: string, more: Record<string, string> = {}): Promise<TokenAnswer> {
    return this.post("/oauth/token", {
      grant_type: "authorization_code",
      code,
      redirect_uri: this.redirect,
      code_verifier: this.verifier,
      ...more,
    });
  }

  refresh(token: string, more: Record<string, string> = {}): Promise<TokenAnswer> {
    return this.post("/oauth/token", { grant_type: "refresh_token", refresh_token: token, ...more });
  }

  revoke(token: string): Promise<TokenAnswer> {
    return this.post("/oauth/revoke", { token });
  }

  /** From the first request to the tokens, through the browser of somebody who is signed in. */
  async connect(browser: Browser, more: Record<string, string | null> = {}): Promise<Tokens> {
    return tokensIn(await this.exchange(codeIn(await browser.consent(this.authorizeUrl(more)))));
  }
}

export async function register(url: string, metadata: object = {}): Promise<TokenAnswer> {
  const body = { client_name: "Test", redirect_uris: [REDIRECT], token_endpoint_auth_method: "none", ...metadata };
  const response = await fetch(`${url}/oauth/register`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as TokenAnswer["body"] };
}

export function codeIn(location: URL): string {
  const code = location.searchParams.get("code");
  if (code === null) {
    throw new Error(`no code: ${location.href}`);
  }
  return code;
}

export function tokensIn({ status, body }: TokenAnswer): Tokens {
  const { access_token: access, refresh_token: refresh } = body;
  if (status !== 200 || typeof access !== "string" || typeof refresh !== "string") {
    throw new Error(`no tokens: ${status} ${JSON.stringify(body)}`);
  }
  return { access, refresh };
}
