import { type Browser, openBrowser } from "./browser.ts";
import { parse, textIn, type TestGateway } from "./test-gateway.ts";

/** Somebody with a browser, signed in to the dashboard. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly browser: Browser;
}

export interface KeyHolder extends Person {
  /** A virtual key that acts as the user. */
  readonly key: string;
}

export const PASSWORD = "correct horse battery staple";

/** A browser that has been to no page yet, and follows no redirect by itself. */
export function browserAt({ url }: Pick<TestGateway, "url">): Browser {
  return openBrowser(async (method, path, headers, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      redirect: "manual",
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  });
}

/** Invited by the administrator, joined in a browser of their own. */
export async function join(gateway: TestGateway, name: string, role: "admin" | "user" = "user"): Promise<Person> {
  const email = `${name.toLowerCase()}@example.com`;
  const invited = await gateway.admin("POST", "/api/v1/users", { name, email, role });
  const token = new URL(textIn(invited.body, "invite_url")).hash.slice("#t=".length);
  const browser = browserAt(gateway);
  const joined = await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD });
  if (joined.status !== 200) {
    throw new Error(`not joined: ${joined.status} ${joined.text}`);
  }
  return { id: idIn(joined.body), name, email, browser };
}

/** The same, with a key that they have made. */
export async function joinWithKey(
  gateway: TestGateway,
  name: string,
  role: "admin" | "user" = "user",
): Promise<KeyHolder> {
  const person = await join(gateway, name, role);
  const made = await person.browser.call("POST", "/api/v1/virtual-keys", {
    name: `${name}'s`,
    owner_user_id: person.id,
  });
  if (made.status !== 201) {
    throw new Error(`no key: ${made.status} ${made.text}`);
  }
  return { ...person, key: textIn(made.body, "key") };
}

function idIn(body: Readonly<Record<string, unknown>>): string {
  return String((body["user"] as { readonly id?: unknown } | undefined)?.id);
}
