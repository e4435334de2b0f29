import type { JsonObject } from "../../src/core/json.ts";

/** A request, however it gets there. */
export type Transport = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: unknown,
) => Promise<BrowserAnswer>;

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
}

/** What a browser does of itself on a page of the gateway: it keeps cookies, and says where a request comes from. */
export interface Browser {
  /** A request of a page: with its cookies, `Sec-Fetch-Site` and the token that the page knows. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<BrowserAnswer>;
  /** Signs in, and remembers the token. @returns the answer */
  signIn(email: string, password: string): Promise<BrowserAnswer>;
  /** The same for any request whose answer signs in. */
  enter(method: string, path: string, body: unknown): Promise<BrowserAnswer>;
  /** As the header `Cookie` would carry them. */
  readonly cookie: string;
  readonly csrf: string | null;
  /** Another browser with the same cookies: what a thief has. */
  copy(): Browser;
  setCookies(lines: readonly string[]): void;
}

export function openBrowser(
  send: Transport,
  start: { readonly cookies?: ReadonlyMap<string, string>; readonly csrf?: string | null } = {},
): Browser {
  const cookies = new Map(start.cookies);
  let csrf = start.csrf ?? null;

  function setCookies(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      if (attributes.some((attribute) => attribute.toLowerCase() === "max-age=0")) {
        cookies.delete(pair.slice(0, at));
      } else {
        cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
    }
  }

  const header = (): string => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<BrowserAnswer> {
    const answer = await send(
      method,
      path,
      {
        ...(cookies.size === 0 ? {} : { cookie: header() }),
        "sec-fetch-site": "same-origin",
        ...(csrf === null || method === "GET" ? {} : { "keyward-csrf": csrf }),
        "user-agent": FIREFOX,
        ...headers,
      },
      body,
    );
    setCookies(answer.headers.getSetCookie());
    return answer;
  }

  async function enter(method: string, path: string, body: unknown): Promise<BrowserAnswer> {
    const answer = await call(method, path, body);
    const token = answer.body["csrf_token"];
    csrf = typeof token === "string" ? token : csrf;
    return answer;
  }

  return {
    call,
    enter,
    signIn: (email, password) => enter("POST", "/api/v1/session", { email, password }),
    get cookie() {
      return header();
    },
    get csrf() {
      return csrf;
    },
    copy: () => openBrowser(send, { cookies, csrf }),
    setCookies,
  };
}

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

/** A member of an answer that has to be text. */
export function textOf({ body }: BrowserAnswer, name: string): string {
  const value = body[name];
  if (typeof value !== "string") {
    throw new Error(`the answer has no text ${name}`);
  }
  return value;
}
