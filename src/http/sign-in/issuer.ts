import { z } from "zod";
import { KeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import type { Secret } from "../../core/secret.ts";

/** What an issuer says of itself (OpenID Connect Discovery 1.0, section 3), as far as it is used. */
export interface IssuerDescription {
  readonly token_endpoint: string;
  readonly userinfo_endpoint?: string | undefined;
  readonly scopes_supported?: readonly string[] | undefined;
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined;
}

interface IssuerTokens {
  readonly accessToken: string;
  readonly idToken: string;
}

/**
 * The issuer, as it is dialled from here. It is named by the operator, not by a caller, and may well be in a private
 * network, so the egress guard has no say; every request is bounded in time and size, and follows no redirect.
 */
export interface Issuer {
  readonly discoveryUrl: string;
  /** @throws KeywardError `upstream_unreachable` when it does not answer, or says that it is somebody else */
  describe(): Promise<IssuerDescription>;
  /** @throws KeywardError `upstream_unreachable`, `sign_in_failed` when it does not take the code */
  exchange(
    description: IssuerDescription,
    grant: { readonly code: string; readonly codeVerifier: string; readonly redirectUri: string },
  ): Promise<IssuerTokens>;
  /** @throws KeywardError `upstream_unreachable` */
  userInfo(endpoint: string, accessToken: string): Promise<Readonly<Record<string, unknown>>>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 262_144;

const Description = z.object({
  issuer: z.string(),
  token_endpoint: z.url(),
  userinfo_endpoint: z.url().optional(),
  scopes_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

const Tokens = z.object({ access_token: z.string(), id_token: z.string() });

export function createIssuer(parts: {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
  readonly clock: Clock;
}): Issuer {
  const { issuer, clientId, clientSecret, clock } = parts;
  const discoveryUrl = `${withoutSlash(issuer)}/.well-known/openid-configuration`;

  async function ask(url: string, init: RequestInit): Promise<{ readonly status: number; readonly body: unknown }> {
    const controller = new AbortController();
    const cancel = clock.schedule(TIMEOUT_MS, () => controller.abort());
    try {
      const response = await fetch(url, { ...init, redirect: "error", signal: controller.signal });
      return { status: response.status, body: JSON.parse(await readBounded(response)) };
    } catch (error) {
      throw new KeywardError("upstream_unreachable", { cause: error });
    } finally {
      cancel();
    }
  }

  /** RFC 6749 section 2.3.1: by a header where the issuer takes it, which is what it has to take. */
  function authentication(methods: readonly string[] = ["client_secret_basic"]): {
    readonly headers: Record<string, string>;
    readonly fields: Record<string, string>;
  } {
    const secret = clientSecret.reveal();
    if (!methods.includes("client_secret_basic")) {
      return { headers: {}, fields: { client_id: clientId, client_secret: secret } };
    }
    const pair = `${formEncoded(clientId)}:${formEncoded(secret)}`;
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` }, fields: {} };
  }

  return {
    discoveryUrl,

    async describe() {
      const { status, body } = await ask(discoveryUrl, { headers: { accept: "application/json" } });
      const described = Description.safeParse(body);
      // OpenID Connect Discovery 1.0, section 4.3: an issuer that names another one is not the one that was asked.
      if (status !== 200 || !described.success || withoutSlash(described.data.issuer) !== withoutSlash(issuer)) {
        throw new KeywardError("upstream_unreachable");
      }
      return described.data;
    },

    async exchange(description, { code, codeVerifier, redirectUri }) {
      const { headers, fields } = authentication(description.token_endpoint_auth_methods_supported);
      const form = new URLSearchParams({
        grant_type: "authorization_code",
        code,
        code_verifier: codeVerifier,
        redirect_uri: redirectUri,
        ...fields,
      });
      const { status, body } = await ask(description.token_endpoint, {
        method: "POST",
        headers: { ...headers, accept: "application/json" },
        body: form,
      });
      const tokens = Tokens.safeParse(body);
      if (status !== 200 || !tokens.success) {
        throw new KeywardError("sign_in_failed");
      }
      return { accessToken: tokens.data.access_token, idToken: tokens.data.id_token };
    },

    async userInfo(endpoint, accessToken) {
      const { status, body } = await ask(endpoint, {
        headers: { accept: "application/json", authorization: `Bearer ${accessToken}` },
      });
      return status === 200 && typeof body === "object" && body !== null
        ? (body as Readonly<Record<string, unknown>>)
        : {};
    },
  };
}

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  const chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  let text = "";
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      throw new KeywardError("upstream_unreachable");
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, "");
}

function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}
