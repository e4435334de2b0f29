import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HeaderUpstream, startHeaderUpstream, fingerprint } from "../fixtures/header-upstream.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { type AnyClientKind, type ClientOptions, connectClient, type TestClient } from "../helpers/mcp-clients.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { ask, beginSession, modernRequest, type RawSession, type SessionOptions } from "../helpers/raw-mcp.ts";
import { setScene, type Scene } from "../helpers/scene.ts";

/* Clients of the older revisions, and everybody who does not open URLs. */

const OPENS_URLS = { elicitation: { url: {} } };
const COMPLETE = "notifications/elicitation/complete";
const LIST_CHANGED = "notifications/tools/list_changed";
const CALL = { name: "notes-whoami", arguments: {} };

let scene: Scene;
let clients: TestClient[];

beforeEach(async () => {
  clients = [];
  scene = await setScene();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await scene.close();
});

async function connect(kind: AnyClientKind, key: string, options: ClientOptions = {}, path = "/mcp") {
  const client = await connectClient(kind, scene.gateway.url + path, key, options);
  clients.push(client);
  return client;
}

async function fillIn({ flowId }: { readonly flowId: string }, key: string, value: string): Promise<void> {
  expect((await submit(scene.gateway, flowId, keyProof(key), { "X-API-Key": value })).status).toBe(200);
}

interface UrlError {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly elicitations: readonly { readonly elicitationId: string; readonly url: string }[] };
}

describe.each<AnyClientKind>(["SDK v1", "SDK v2 legacy"])("%s, which opens URLs and has a stream", (kind) => {
  it.each(["/mcp", "/mcp/notes"])("%s: gets -32042, then its completion, and the repeated call works", async (path) => {
    const { alice, gateway, serverId } = scene;
    const tool = path === "/mcp" ? "notes-whoami" : "whoami";
    const bob = await gateway.issueKey("bob");
    await gateway.grant(serverId, alice.id, bob.id);
    const options: ClientOptions = { onUrl: () => "accept" };
    const client = await connect(kind, alice.key, options, path);
    const sibling = await connect(kind, alice.key, options, path);
    const stranger = await connect(kind, bob.key, options, path);
    await Promise.all([client, sibling, stranger].map(({ streamOpen }) => streamOpen));

    const error = await client.callTool(tool).then(
      () => null,
      (thrown: unknown) => thrown as UrlError,
    );
    const [elicitation] = error?.data.elicitations ?? [];
    expect(error?.code).toBe(-32_042);
    expect(error?.data.elicitations).toEqual([
      {
        mode: "url",
        elicitationId: expect.any(String),
        url: expect.stringContaining("/connect/"),
        message: expect.any(String),
      },
    ]);
    expect(error?.message).toContain(elicitation?.url);

    const value = scene.goodValue("alice");
    await fillIn(linkIn(elicitation?.url ?? ""), alice.key, value);
    await client.hears(`${COMPLETE} ${elicitation?.elicitationId}`);
    expect(await client.callTool(tool)).toMatchObject({ isError: false, text: fingerprint(value) });

    // What comes on the streams after it shows that it did not come there before.
    await gateway.grant(serverId, alice.id, bob.id);
    await Promise.all([sibling, stranger].map((other) => other.hears(LIST_CHANGED)));
    expect([...sibling.heard, ...stranger.heard].filter((what) => what.startsWith(COMPLETE))).toEqual([]);
    expect(client.heard.filter((what) => what.startsWith(COMPLETE))).toHaveLength(1);
  });
});

it("a completion that is due while the stream is broken comes with the next one", async () => {
  const { alice, gateway } = scene;
  const session = await beginSession(gateway, alice.key, { capabilities: OPENS_URLS });
  const stream = await session.stream();
  const { id: primed } = await stream.next();
  const { error } = (await session.request("tools/call", CALL)) as unknown as { error: UrlError };
  stream.drop();
  const [elicitation] = error.data.elicitations;
  await fillIn(linkIn(error.message), alice.key, scene.goodValue("alice"));
  const resumed = await session.stream(primed ?? "");
  expect((await resumed.next()).message).toEqual({
    jsonrpc: "2.0",
    method: COMPLETE,
    params: { elicitationId: elicitation?.elicitationId },
  });
  resumed.drop();
});

describe("a session that -32042 would leave waiting gets the text", () => {
  const asksFor = async (options: SessionOptions, hasStream: boolean): Promise<JsonObject> => {
    const session = await beginSession(scene.gateway, scene.alice.key, options);
    const stream = hasStream ? await session.stream() : null;
    const answer = await session.request("tools/call", CALL);
    stream?.drop();
    return answer;
  };
  const isText = { result: { isError: true, content: [{ type: "text", text: expect.stringContaining("/connect/") }] } };

  it.each<[string, SessionOptions, boolean]>([
    ["without an open stream", { capabilities: OPENS_URLS }, false],
    ["of 2025-06-18", { capabilities: OPENS_URLS, revision: "2025-06-18" }, true],
    ["of 2025-03-26", { capabilities: OPENS_URLS, revision: "2025-03-26" }, true],
    ["that declares `elicitation: {}`, which is forms only", { capabilities: { elicitation: {} } }, true],
    ["that declares forms", { capabilities: { elicitation: { form: {} } } }, true],
    ["that declares nothing", {}, true],
  ])("%s", async (_which, options, hasStream) => {
    expect(await asksFor(options, hasStream)).toMatchObject(isText);
  });

  it("and one that has just closed its stream", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key, { capabilities: OPENS_URLS });
    const stream = await session.stream();
    expect(await session.request("tools/call", CALL)).toMatchObject({ error: { code: -32_042 } });
    stream.drop();
    await expect.poll(() => session.request("tools/call", CALL)).toMatchObject(isText);
  });
});

describe.each<AnyClientKind>(["SDK v1", "SDK v2 legacy", "SDK v2 modern", "SDK v2 auto"])(
  "%s, which opens no URLs",
  (kind) => {
    it("gets the link as text and as structure, and after the form the repeated call works", async () => {
      const client = await connect(kind, scene.alice.key);
      const asked = await client.callTool("notes-whoami");
      expect(asked).toMatchObject({
        isError: true,
        structured: { kind: "headers", server: "notes", url: linkIn(asked.text).url, reason: "missing" },
      });
      await fillIn(linkIn(asked.text), scene.alice.key, scene.goodValue("alice"));
      expect((await client.callTool("notes-whoami")).isError).toBe(false);
    });

    it("is told when the server refuses the key on file", async () => {
      const old = scene.goodValue("old");
      await scene.connect(scene.alice.key, old);
      scene.spoil(old);
      const client = await connect(kind, scene.alice.key);
      const asked = await client.callTool("notes-whoami");
      expect(asked).toMatchObject({ isError: true, structured: { reason: "rejected" } });
      await fillIn(linkIn(asked.text), scene.alice.key, scene.goodValue("new"));
      expect((await client.callTool("notes-whoami")).isError).toBe(false);
    });
  },
);

it("a 2025-11-25 session hears of a refused key by -32042, too", async () => {
  const old = scene.goodValue("old");
  await scene.connect(scene.alice.key, old);
  scene.spoil(old);
  const session = await beginSession(scene.gateway, scene.alice.key, { capabilities: OPENS_URLS });
  const stream = await session.stream();
  expect(await session.request("tools/call", CALL)).toMatchObject({
    error: { code: -32_042, message: expect.stringContaining("refused the key on file") },
  });
  stream.drop();
});

describe("two servers without a key, called at once", () => {
  let wiki: HeaderUpstream;

  beforeEach(async () => {
    const { alice, gateway, upstream } = scene;
    wiki = await startHeaderUpstream();
    const id = await gateway.register("wiki", wiki.url, scene.goodValue("wiki-sample"), {
      verification: { negative_control: false },
    });
    await gateway.grant(id, alice.id);
    upstream.received.length = 0;
  });

  afterEach(() => wiki.close());

  const tools = ["notes-whoami", "wiki-whoami"] as const;

  it("the later answer has both links as text, and both payloads", async () => {
    const session = await beginSession(scene.gateway, scene.alice.key);
    const answers = await Promise.all(tools.map((name) => session.request("tools/call", { name })));
    const both = answers.filter((answer) => {
      const { _meta } = answer["result"] as { _meta: Record<string, readonly { readonly server: string }[]> };
      return (
        (_meta["keyward/auth-required-all"] ?? [])
          .map(({ server }) => server)
          .toSorted()
          .join() === "notes,wiki"
      );
    });
    expect(both).toHaveLength(1);
    const [{ text }] = (both[0] as unknown as { result: { content: [{ text: string }] } }).result.content;
    expect(text.match(/\/connect\//g)).toHaveLength(2);
  });

  it("the later answer has both as input requests", async () => {
    const answers = await Promise.all(
      tools.map((name) =>
        ask(scene.gateway, modernRequest(scene.alice.key, "tools/call", { name }, { capabilities: OPENS_URLS })),
      ),
    );
    const requested = answers.map((answer) =>
      Object.keys((answer["result"] as { inputRequests: object }).inputRequests),
    );
    expect(requested.map((names) => names.length).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(requested.flat().toSorted().join()).toMatch(/^notes,(notes,wiki|wiki,wiki)$/);
  });

  it("the later answer has both as elicitations, and each is told when it is done", async () => {
    const session: RawSession = await beginSession(scene.gateway, scene.alice.key, { capabilities: OPENS_URLS });
    const stream = await session.stream();
    await stream.next();
    const answers = await Promise.all(tools.map((name) => session.request("tools/call", { name })));
    const errors = answers.map(({ error }) => error as unknown as UrlError);
    const all = errors.flatMap(({ data }) => data.elicitations);
    expect(errors.map(({ data }) => data.elicitations.length).toSorted((a, b) => a - b)).toEqual([1, 2]);
    for (const { elicitationId, url } of errors.find(({ data }) => data.elicitations.length === 2)?.data.elicitations ??
      []) {
      await fillIn(linkIn(url), scene.alice.key, scene.goodValue("alice"));
      let event = await stream.next();
      while (event.message?.["method"] !== COMPLETE) event = await stream.next();
      expect(event.message).toMatchObject({ params: { elicitationId } });
    }
    expect(new Set(all.map(({ elicitationId }) => elicitationId)).size).toBe(2);
    stream.drop();
  });
});
