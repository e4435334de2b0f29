import { type Browser, openBrowser } from "./browser.ts";
import { textIn, type TestGateway } from "./test-gateway.ts";

/** Somebody who is signed in, and a virtual key that acts as that person. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly browser: Browser;
  /** Acts as the user. */
  readonly key: string;
}

export const PASSWORD = "correct horse battery staple";

/** A browser that has been to no page yet. */
export function browserAt(gateway: TestGateway): Browser {
  return openBrowser((method, path, headers, body) => gateway.call(method, path, { ...headers }, body));
}

/** Invited by the administrator, joined in a browser of their own, and with a key that they have made. */
export async function addPerson(gateway: TestGateway, name: string, role: "admin" | "user" = "user"): Promise<Person> {
  const email = `${name.toLowerCase()}@example.com`;
  const invited = await gateway.admin("POST", "/api/v1/users", { name, email, role });
  const token = new URL(textIn(invited.body, "invite_url")).hash.slice("#t=".length);
  const browser = browserAt(gateway);
  const joined = await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD });
  const made = await browser.call("POST", "/api/v1/virtual-keys", {
    name: `${name}'s`,
    owner_user_id: idIn(joined.body),
  });
  if (made.status !== 201) {
    throw new Error(`no key: ${made.status} ${made.text}`);
  }
  return { id: idIn(joined.body), name, email, browser, key: textIn(made.body, "key") };
}

function idIn(body: Readonly<Record<string, unknown>>): string {
  return String((body["user"] as { readonly id?: unknown } | undefined)?.id);
}
