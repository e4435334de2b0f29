import { NO_ORIGIN } from "../../src/core/audit.ts";
import { mintId, mintToken } from "../../src/core/token.ts";
import type { Role } from "../../src/core/user.ts";
import { type Browser, openBrowser } from "../helpers/browser.ts";
import { type Answer, random, type TestApp } from "./test-app.ts";

export const PASSWORD = "correct horse battery staple";

export interface Person {
  readonly id: string;
  readonly email: string;
  /** Signed in. */
  readonly browser: Browser;
}

/** A browser that talks to the app. */
export function browserOf(test: TestApp, address?: string): Browser {
  return openBrowser(async (method, path, headers, body) => {
    const answer: Answer = await test.send(`${method} ${path}`, {
      headers,
      ...(body === undefined ? {} : { body }),
      ...(address === undefined ? {} : { address }),
    });
    return { ...answer, body: answer.json as never };
  });
}

/** An invitation, as an administrator would have made it. @returns its token */
export async function invite(test: TestApp, name: string, role: Role = "user"): Promise<{ id: string; token: string }> {
  const { secret } = mintToken("invite", random);
  const id = mintId("usr", random);
  await test.store.inviteUser(
    { id, name, email: emailOf(name), role, groupIds: [] },
    { digest: test.vault.digest("invite", secret), ttlMs: 7 * 24 * 60 * 60_000 },
    { ...NO_ORIGIN, actor: { kind: "system" }, action: "user.invited", outcome: "ok", detail: { name } },
  );
  return { id, token: secret.reveal() };
}

/** Somebody who has accepted an invitation and is signed in. */
export async function join(test: TestApp, name: string, role: Role = "user"): Promise<Person> {
  const { id, token } = await invite(test, name, role);
  const browser = browserOf(test);
  const answer = await browser.enter("POST", "/api/v1/invites/accept", { token, password: PASSWORD });
  if (answer.status !== 200) {
    throw new Error(`the invitation was answered with ${answer.status} ${answer.text}`);
  }
  return { id, email: emailOf(name), browser };
}

export function emailOf(name: string): string {
  return `${name.toLowerCase()}@example.com`;
}
