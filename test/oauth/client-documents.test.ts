import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Documents, FetchedDocument } from "../../src/core/documents.ts";
import { KeywardError } from "../../src/core/errors.ts";
import { createDocuments } from "../../src/upstream/documents.ts";
import { allOf } from "../contract/fixtures.ts";
import { Browser } from "./browser.ts";
import { Client, codeIn, tokensIn } from "./client.ts";
import { openOauthScene, type OauthScene } from "./scene.ts";
import { openSite } from "./site.ts";

const REDIRECT = "https://app.example/callback";
const LOOPBACK = "http://127.0.0.1/callback";

/** What there is under which URL; everything else cannot be reached. */
const published = new Map<string, Partial<FetchedDocument>>();
const read: string[] = [];
const documents: Documents = {
  async read(url) {
    read.push(url.href);
    const document = published.get(url.href);
    if (document === undefined) {
      throw new KeywardError("upstream_unreachable");
    }
    return { status: 200, cacheControl: null, text: "", ...document };
  },
};

let scene: OauthScene;
let serial = 0;

beforeAll(async () => {
  scene = await openOauthScene({ documents });
});

afterAll(() => scene.close());

beforeEach(() => {
  scene.clock.advance(60_000);
  published.clear();
  read.length = 0;
});

/** Publishes a client's description. @returns its URL, which is the client's id; a new one each time */
function publish(metadata: object = {}, document: Partial<FetchedDocument> = {}): string {
  serial += 1;
  const id = `https://app.example/${serial}/client.json`;
  const body = { client_id: id, client_name: "App", redirect_uris: [REDIRECT], ...metadata };
  published.set(id, { text: JSON.stringify(body), ...document });
  return id;
}

function clientOf(id: string, redirect = REDIRECT): Client {
  return new Client(scene.url, { client_id: id }, redirect);
}

async function isTaken(client: Client): Promise<boolean> {
  const { location } = await new Browser(scene, scene.ada).open(client.authorizeUrl());
  return location?.pathname.startsWith("/consent/") ?? false;
}

describe("a client that is known by a document", () => {
  it("connects without a registration, and is shown with the host that vouches for it", async () => {
    const id = publish({ client_name: "App", grant_types: ["authorization_code"] });
    const browser = new Browser(scene, scene.ada);
    const client = clientOf(id);
    const uid = await browser.question(client.authorizeUrl());
    const signedIn = scene.signedInBy(browser.session);
    const origin = { requestId: null, address: null };
    expect(signedIn === null ? null : (await scene.oauth.consents.find(uid, signedIn, origin)).client).toEqual({
      name: "App",
      host: "app.example",
      redirectHost: "app.example",
    });
    const { location } = await browser.open(await browser.answer(uid));
    const { refresh } = tokensIn(await client.exchange(codeIn(location ?? new URL("about:blank"))));
    tokensIn(await client.refresh(refresh));
    const apps = await allOf((page) => scene.store.listApps({}, page));
    expect(apps[0]).toMatchObject({ clientId: id, clientName: "App", clientHost: "app.example" });
    expect(read).toEqual([id]);
  });

  it.each([
    ["leaves out application_type, for a loopback redirect", { redirect_uris: [LOOPBACK] }, LOOPBACK],
    ["leaves out how it proves itself", { token_endpoint_auth_method: undefined }, REDIRECT],
    ["leaves out grant and response types", { grant_types: undefined, response_types: undefined }, REDIRECT],
    ["names grant types and scopes that there are not", { grant_types: ["device_code"], scope: "a b" }, REDIRECT],
    [
      "says it is a web site and has a scheme of its own",
      { redirect_uris: ["app:/cb"], application_type: "web" },
      "app:/cb",
    ],
  ])("trap 5: that %s is taken", async (_, metadata, redirect) => {
    const tokens = await clientOf(publish(metadata), redirect).connect(new Browser(scene, scene.ada));
    expect(tokens.access).toMatch(/^kwo_/);
  });

  it.each<readonly [string, object, Partial<FetchedDocument>]>([
    ["is of another client", { client_id: "https://claude.ai/client.json" }, {}],
    ["is of no client", { client_id: undefined }, {}],
    ["is no JSON", {}, { text: "<html>" }],
    ["is no object", {}, { text: "[]" }],
    ["is not found", {}, { status: 404 }],
    ["is elsewhere", {}, { status: 302, text: "" }],
    ["has a secret, which everybody could read", { client_secret: "x" }, {}],
    ["wants a secret", { token_endpoint_auth_method: "client_secret_post" }, {}],
    ["wants to be sent where a script would run", { redirect_uris: ["javascript:alert(1)"] }, {}],
    ["is larger than a page", { client_name: "x".repeat(20_000) }, {}],
  ])("whose document %s is refused, and the person is sent nowhere", async (_, metadata, document) => {
    const client = clientOf(publish(metadata, document));
    const { status, location, text } = await new Browser(scene, scene.ada).open(client.authorizeUrl());
    expect([status, location, text]).toEqual([400, null, expect.stringContaining("<h1>Not connected</h1>")]);
  });

  it.each([
    "http://app.example/client.json",
    "https://user@app.example/client.json",
    "https://app.example/client.json#x",
    "https://app.example/a/../client.json",
    "https://app.example/%2e%2e/client.json",
    "https://app.example\\client.json",
    "https://",
    "ftp://app.example/client.json",
    "file:///etc/passwd",
  ])("is never read from %s", async (id) => {
    published.set(id, { text: JSON.stringify({ client_id: id, redirect_uris: [REDIRECT] }) });
    expect(await isTaken(clientOf(id))).toBe(false);
    expect(read).toEqual([]);
  });

  it("goes on while its site is down, for an hour at the most, if it said so", async () => {
    const client = clientOf(publish({}, { cacheControl: "max-age=300" }));
    const { refresh } = await client.connect(new Browser(scene, scene.ada));
    published.clear();
    tokensIn(await client.refresh(refresh));
    expect(read).toHaveLength(1);
  });

  it("leaves PKCE out no more than any other client", async () => {
    const challenge = { code_challenge: null, code_challenge_method: null };
    const { location } = await new Browser(scene, scene.ada).open(clientOf(publish()).authorizeUrl(challenge));
    expect(location?.searchParams.get("error")).toBe("invalid_request");
  });

  it("trap 7: is looked up for no address more often than a person would want it", async () => {
    const taken: boolean[] = [];
    for (let i = 0; i < 22; i += 1) {
      taken.push(await isTaken(clientOf(publish())));
    }
    expect(taken.filter(Boolean)).toHaveLength(20);
    expect(read).toHaveLength(20);
    scene.address = "203.0.113.77";
    expect(await isTaken(clientOf(publish()))).toBe(true);
    scene.address = "203.0.113.9";
  });

  it("is asked for consent again for each installation on a machine, and each is a grant of its own", async () => {
    const id = publish({ redirect_uris: [LOOPBACK] });
    const [laptop, phone] = [clientOf(id, LOOPBACK), clientOf(id, "http://127.0.0.1:4000/callback")];
    const first = await laptop.connect(new Browser(scene, scene.ada));
    const second = await phone.connect(new Browser(scene, scene.ada));
    const own = (await allOf((page) => scene.store.listApps({}, page))).filter(({ clientId }) => clientId === id);
    expect(own).toHaveLength(2);
    await laptop.revoke(first.refresh);
    expect((await laptop.refresh(first.refresh)).status).toBe(400);
    tokensIn(await phone.refresh(second.refresh));
  });
});

describe("a client that proves itself by a key", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const JWKS = "https://app.example/keys.json";

  function assertion(issuer: string, id: string, key = privateKey, kid = "key-1"): string {
    const now = Math.floor(Date.now() / 1_000);
    const parts = [
      { alg: "ES256", kid },
      { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60 },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
    const signature = sign("sha256", Buffer.from(parts.join(".")), { key, dsaEncoding: "ieee-p1363" });
    return [...parts, signature.toString("base64url")].join(".");
  }

  function proof(...how: Parameters<typeof assertion>): Record<string, string> {
    const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    return { client_assertion: assertion(...how), client_assertion_type };
  }

  function publishWithKeys(): string {
    published.set(JWKS, { text: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "key-1" }] }) });
    return publish({ token_endpoint_auth_method: "private_key_jwt", jwks_uri: JWKS });
  }

  it("is taken with the key of its document, and with no other, and each proof once", async () => {
    const id = publishWithKeys();
    const client = clientOf(id);
    const code = codeIn(await new Browser(scene, scene.ada).consent(client.authorizeUrl()));
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    for (const wrong of [{}, proof(scene.url, id, stranger), proof("https://other.example", id)]) {
      expect((await client.exchange(code, wrong)).body["error"]).toBe("invalid_client");
    }
    const right = proof(scene.url, id);
    const { refresh } = tokensIn(await client.exchange(code, right));
    expect((await client.refresh(refresh, right)).body["error"]).toBe("invalid_client");
    tokensIn(await client.refresh(refresh, proof(scene.url, id)));
  });

  it("trap 8: with a key id that is not known makes Keyward read the keys once, however often it comes", async () => {
    const site = await openSite("app.example");
    const host = `https://app.example:${site.port}`;
    const guarded = createDocuments({ clock: scene.clock, allowPrivate: ["127.0.0.1"], resolve: site.resolve });
    const own = await openOauthScene({ documents: guarded });
    const id = `${host}/client.json`;
    const key = { token_endpoint_auth_method: "private_key_jwt", jwks_uri: `${host}/keys.json` };
    site.publish("/client.json", { client_id: id, redirect_uris: [REDIRECT], ...key });
    site.publish("/keys.json", { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "key-1" }] });
    const client = new Client(own.url, { client_id: id }, REDIRECT);
    const ask = (kid: string) => client.refresh("kwr_x", proof(own.url, id, privateKey, kid));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(`unknown-${i}`)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${String(body["error"])}`))).toEqual(
      new Set(["401 invalid_client"]),
    );
    expect(site.paths).toEqual(["/client.json", "/keys.json"]);
    expect((await ask("key-1")).body["error"]).toBe("invalid_grant");
    expect(site.paths).toHaveLength(2);
    site.unpublish("/keys.json");
    scene.clock.advance(60_000);
    for (let i = 0; i < 50; i += 1) {
      expect((await ask(`unknown-${i}`)).status).toBe(401);
    }
    expect(site.paths.filter((path) => path === "/keys.json")).toHaveLength(2);
    await own.close();
    await guarded.close();
    await site.close();
  });
});
