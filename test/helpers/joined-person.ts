import { openBrowser, type Browser } from "./browser.ts";
import { textIn, type TestGateway } from "./test-gateway.ts";

const PASSWORD = "correct horse battery staple";

/** Somebody with a browser, signed in to the dashboard. */
export interface Person {
  readonly id: string;
  readonly browser: Browser;
}

/** A browser on the network, which follows no redirect by itself. */
function browserAt(url: string): Browser {
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

/** Invites somebody, who accepts and is signed in. */
export async function join(gateway: TestGateway, name: string, role: "admin" | "user" = "user"): Promise<Person> {
  const email = `${name.toLowerCase()}@example.com`;
  const { status, body } = await gateway.admin("POST", "/api/v1/users", { name, email, role });
  if (status !== 201) {
    throw new Error(`not invited: ${status}`);
  }
  const token = new URL(textIn(body, "invite_url")).hash.slice("#t=".length);
  const browser = browserAt(gateway.url);
  const accepted = await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD });
  if (accepted.status !== 200) {
    throw new Error(`not accepted: ${accepted.status} ${accepted.text}`);
  }
  return { id: (body["user"] as { readonly id: string }).id, browser };
}

function parse(text: string): never {
  try {
    return JSON.parse(text) as never;
  } catch {
    return {} as never;
  }
}
