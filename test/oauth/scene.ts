import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Documents } from "../../src/core/documents.ts";
import { KeywardError } from "../../src/core/errors.ts";
import type { Random, Vault } from "../../src/core/ports.ts";
import type { User } from "../../src/core/user.ts";
import { createOauth, type Oauth } from "../../src/http/oauth/oauth.ts";
import type { SignedIn, SignIns } from "../../src/http/sign-in/signed-in.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite/open.ts";
import { LocalKeyEncryption } from "../../src/vault/kms/local.ts";
import { openVault } from "../../src/vault/open-vault.ts";
import { createUser, present } from "../contract/fixtures.ts";
import { TestClock } from "../store/sqlite-harness.ts";

const random: Random = { bytes: (length) => randomBytes(length) };

/** The OAuth server on a real listener and store; who is signed in to the dashboard is said by the test. */
export interface OauthScene {
  readonly url: string;
  readonly oauth: Oauth;
  readonly store: SqliteStore;
  readonly vault: Vault;
  readonly clock: TestClock;
  readonly ada: User;
  readonly bob: User;
  /** Everything that has been logged. */
  readonly log: string[];
  /** How often what clients hold open was looked at, because an app was disconnected. */
  reviews: number;
  /** From which the next requests come. */
  address: string;
  /** What is thrown instead of saying who is signed in. */
  signInFailure: KeywardError | null;
  /** A dashboard session. @returns the cookie that proves it */
  signIn(user: User): string;
  signedInBy(cookie: string): SignedIn | null;
  /** The database, its log and everything else on disk, as one would steal it. */
  stolenFiles(): string;
  close(): Promise<void>;
}

export interface OauthSceneOptions {
  readonly documents?: Documents;
  readonly isRegistrationEnabled?: boolean;
  /** Default: where it listens. */
  readonly publicUrl?: string;
}

const NO_DOCUMENTS: Documents = { read: () => Promise.reject(new KeywardError("upstream_unreachable")) };

export async function openOauthScene(options: OauthSceneOptions = {}): Promise<OauthScene> {
  const { documents = NO_DOCUMENTS, isRegistrationEnabled = true } = options;
  const folder = mkdtempSync(join(tmpdir(), "keyward-oauth-"));
  const clock = new TestClock();
  const log: string[] = [];
  const write = (event: string, fields: object = {}): void => void log.push(`${event} ${JSON.stringify(fields)}`);
  const logger = { debug: write, info: write, warn: write, error: write };
  const store = await openSqliteStore({ path: join(folder, "keyward.db"), clock, random, logger });
  const keyEncryption = new LocalKeyEncryption(createSecretKey(randomBytes(32)), random);
  const vault = await openVault({ keyStore: store, keyEncryption, random, logger });
  const sessions = new Map<string, { readonly userId: string; readonly sessionId: string }>();
  const people = new Map<string, User>();
  for (const name of ["Ada", "Bob"]) {
    people.set(name, await createUser(store, { name, role: "admin" }));
  }

  const signIns: SignIns = {
    async byCookie(headers) {
      if (scene.signInFailure !== null) throw scene.signInFailure;
      const session = sessions.get(/session=([0-9a-f]+)/.exec(headers.get("cookie") ?? "")?.[1] ?? "");
      const user = session === undefined ? null : await store.findUser(session.userId);
      return session === undefined || user?.isEnabled !== true ? null : { user, sessionId: session.sessionId };
    },
  };

  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const oauth = createOauth({
    store,
    users: store,
    vault,
    documents,
    random,
    logger,
    clock,
    signIns,
    publicUrl: options.publicUrl ?? url,
    isRegistrationEnabled,
    onRevoked: () => void (scene.reviews += 1),
  });
  const scene: OauthScene = {
    url,
    oauth,
    store,
    vault,
    clock,
    ada: present(people.get("Ada")),
    bob: present(people.get("Bob")),
    log,
    reviews: 0,
    address: "203.0.113.9",
    signInFailure: null,
    signIn(user) {
      const cookie = randomBytes(8).toString("hex");
      sessions.set(cookie, { userId: user.id, sessionId: `ses_${cookie}` });
      return `session=${cookie}`;
    },
    signedInBy(cookie) {
      const session = sessions.get(cookie.slice("session=".length));
      const user = [scene.ada, scene.bob].find(({ id }) => id === session?.userId);
      return session === undefined || user === undefined ? null : { user, sessionId: session.sessionId };
    },
    stolenFiles: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), "latin1"))
        .join("\n"),
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  server.on("request", (request, response) => {
    const rawPath = request.url?.split("?", 1)[0] ?? "";
    void oauth.handle(request, response, { requestId: "req_1", address: scene.address, rawPath });
  });
  return scene;
}
