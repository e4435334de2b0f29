import type { User } from "../../src/core/user.ts";
import type { OauthScene } from "./scene.ts";

const ORIGIN = { requestId: "req_1", address: "203.0.113.9" };

interface Page {
  readonly status: number;
  /** Where it sends the browser; null = nowhere. */
  readonly location: URL | null;
  readonly text: string;
}

/** A browser with its cookies, and perhaps somebody who is signed in to the dashboard. Follows no redirect by itself. */
export class Browser {
  readonly #scene: OauthScene;
  readonly #cookies = new Map<string, { readonly value: string; readonly path: string }>();
  /** Every `Set-Cookie` so far. */
  readonly received: string[] = [];
  session = "";

  constructor(scene: OauthScene, user: User | null = null) {
    this.#scene = scene;
    if (user !== null) {
      this.signIn(user);
    }
  }

  signIn(user: User): void {
    this.session = this.#scene.signIn(user);
  }

  /** Beside what the gateway sets, as another program of the host could. */
  plant(name: string, value: string): void {
    this.#cookies.set(name, { value, path: "/" });
  }

  cookieHeader(path: string): string {
    const own = [...this.#cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    return [this.session, ...own.map(([name, { value }]) => `${name}=${value}`)]
      .filter((text) => text !== "")
      .join("; ");
  }

  async open(target: string | URL): Promise<Page> {
    const url = new URL(target, this.#scene.url);
    const response = await fetch(url, { redirect: "manual", headers: { cookie: this.cookieHeader(url.pathname) } });
    for (const text of response.headers.getSetCookie()) {
      this.received.push(text);
      this.#keep(text);
    }
    const location = response.headers.get("location");
    return {
      status: response.status,
      location: location === null ? null : new URL(location, this.#scene.url),
      text: await response.text(),
    };
  }

  /** Opens an authorization request, and what it leads to, up to the question. @returns the id of the question */
  async question(target: string | URL): Promise<string> {
    const { location } = await this.open(target);
    const uid = /^\/consent\/(.+)$/.exec(location?.pathname ?? "")?.[1];
    if (uid === undefined) {
      throw new Error(`no question: ${location?.href ?? "no redirect"}`);
    }
    return uid;
  }

  /** What the page of the question does. @returns where the browser goes on */
  async answer(uid: string, decision: "allow" | "deny" = "allow"): Promise<URL> {
    const signedIn = this.#scene.signedInBy(this.session);
    if (signedIn === null) {
      throw new Error("nobody is signed in");
    }
    return this.#scene.oauth.consents.answer(uid, decision, signedIn, ORIGIN);
  }

  /** Everything up to the redirect back to the client. */
  async consent(target: string | URL, decision: "allow" | "deny" = "allow"): Promise<URL> {
    const { location } = await this.open(await this.answer(await this.question(target), decision));
    if (location === null) {
      throw new Error("not sent back");
    }
    return location;
  }

  #keep(text: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(text) ?? [];
    const path = /path=([^;]+)/i.exec(text)?.[1] ?? "/";
    if (/expires=Thu, 01 Jan 1970/.test(text)) {
      this.#cookies.delete(name);
    } else {
      this.#cookies.set(name, { value, path });
    }
  }
}
