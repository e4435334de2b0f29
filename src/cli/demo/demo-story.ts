import type { Schemas } from "../../client/api-types.ts";
import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { createRestClient, type RestClient } from "../rest-client.ts";
import type { RunningGateway } from "../runtime.ts";
import { toolNames } from "../server-view.ts";
import { cell, shortened, when } from "../text.ts";
import { createDemoClient, type DemoClient } from "./demo-client.ts";
import { DEMO_HEADER, fingerprintOf, type DemoUpstream } from "./demo-upstream.ts";
import type { Narrator } from "./narrator.ts";

/** The parts that the story is played with. */
export interface DemoStage {
  readonly gateway: RunningGateway;
  readonly upstream: DemoUpstream;
  readonly narrator: Narrator;
  /** Each person's key for the upstream, and one of the administrator's to try it with. */
  readonly upstreamKeys: Readonly<Record<"admin" | "alice" | "bob", string>>;
}

interface Person {
  readonly name: string;
  readonly keyId: string;
  readonly client: DemoClient;
  /** The REST API, as the connect page uses it when this person has proven to be the one who asked. */
  readonly page: RestClient;
}

const SERVER = "weather";
const TOOL = `${SERVER}-forecast`;

/**
 * Plays the whole way of a key: setup, server, virtual keys, call, link, form, answer, separation, log, revocation.
 * @throws KeywardError when anything is not as it should be, so that the demo is a test as well
 */
export async function playDemo(stage: DemoStage): Promise<void> {
  const admin = await becomeAdministrator(stage);
  const server = await registerServer(stage, admin);
  const [alice, bob] = await handOutKeys(stage, admin, server);
  const { link, waiting } = await callWithoutKey(stage, alice);
  const credentialId = await openLink(stage, alice, link);
  await goOn(stage, waiting);
  await callAsAnother(stage, bob);
  showUpstream(stage);
  await showAudit(stage, admin);
  await revoke(stage, admin, alice, credentialId);
}

async function becomeAdministrator({ gateway, narrator }: DemoStage): Promise<RestClient> {
  narrator.step("Become the administrator");
  const { setupToken, publicUrl } = gateway;
  must(setupToken !== null, "a first start offers a setup token");
  narrator.tell(`The first start printed a one-time setup token: ${shortened(setupToken.reveal())}`);
  const nobody = createRestClient(publicUrl, null);
  const { admin_token: token } = await nobody.post("/api/v1/setup", {
    body: { setup_token: setupToken, name: "demo" },
  });
  narrator.tell(`It is traded, once, for an admin token: ${shortened(token)}`);
  return createRestClient(publicUrl, new Secret(token));
}

async function registerServer(
  { upstream, narrator, upstreamKeys }: DemoStage,
  admin: RestClient,
): Promise<Schemas["Server"]> {
  narrator.step("Register the MCP server, and say which header each person must supply");
  narrator.tell(`${SERVER} at ${upstream.url}, header ${DEMO_HEADER}. Never a value of anybody.`);
  const server = await admin.post("/api/v1/servers", {
    body: {
      name: SERVER,
      url: upstream.url,
      auth_type: "per_user_headers",
      header_schema: [{ name: DEMO_HEADER, label: "Demo key", help: "The demo made one up for you." }],
      sample_headers: { [DEMO_HEADER]: new Secret(upstreamKeys.admin) },
    },
  });
  must(server.verified === "proven", "the sample is proven by a negative control");
  narrator.tell("Keyward tried a sample key, which worked, and a wrong one, which was refused: the check is proven.");
  narrator.tell(`The sample is forgotten. Tools found: ${toolNames(server).join(", ")}`);
  return server;
}

async function handOutKeys(
  stage: DemoStage,
  admin: RestClient,
  server: Schemas["Server"],
): Promise<readonly [Person, Person]> {
  stage.narrator.step("Give Alice and Bob a virtual key each, and let them use the server");
  const alice = await handOutKey(stage, admin, "alice", { opensLinks: true });
  const bob = await handOutKey(stage, admin, "bob", { opensLinks: false });
  await admin.put("/api/v1/servers/{id}/grants", {
    path: { id: server.id },
    body: { grants: [alice, bob].map(({ keyId }) => ({ auth_mode: "virtual_key" as const, identity: keyId })) },
  });
  return [alice, bob];
}

async function handOutKey(
  { gateway, narrator }: DemoStage,
  admin: RestClient,
  name: string,
  able: { readonly opensLinks: boolean },
): Promise<Person> {
  const { id: keyId, key: text } = await admin.post("/api/v1/virtual-keys", { body: { name } });
  narrator.tell(`${name}: ${shortened(text)}`);
  const key = new Secret(text);
  const client = createDemoClient(`${gateway.publicUrl}/mcp`, key, able);
  return { name, keyId, client, page: createRestClient(gateway.publicUrl, key) };
}

/** @returns the link, and the call that waits for what is entered behind it */
async function callWithoutKey(
  { narrator }: DemoStage,
  alice: Person,
): Promise<{ readonly link: string; readonly waiting: Promise<readonly string[]> }> {
  narrator.step("Alice's MCP client calls a tool");
  const tools = await alice.client.listTools();
  must(tools.includes(TOOL), "the tools are listed before a key is given");
  narrator.tell(`It sees ${tools.join(", ")} and calls ${TOOL}.`);
  const answer = await alice.client.callTool(TOOL);
  must(answer.kind === "link_to_open", "a call without a key is answered with a link");
  narrator.tell(`Keyward has no key of hers, so the answer is a link: ${withoutFragment(answer.url)}`);
  narrator.tell("Her client can open links. It does, and calls again at once: Keyward holds that call.");
  const waiting = answer.callAgain().then((held) => textsIn(held, alice));
  // It is waited for two steps later; should the story end before, nobody hears of it.
  waiting.catch(() => {});
  return { link: answer.url, waiting };
}

async function openLink({ narrator, upstreamKeys }: DemoStage, alice: Person, link: string): Promise<string> {
  narrator.step("Alice opens the link in her browser (the demo does it for her)");
  const page = await fetch(link, { redirect: "error", signal: AbortSignal.timeout(10_000) });
  must(page.status === 200 && (await page.text()).includes("<html"), "the link opens a page");
  const path = { id: new URL(link).pathname.split("/").at(-1) ?? "" };
  const form = await alice.page.get("/api/v1/flows/{id}", { path });
  narrator.tell(`The page proves that she is the one who asked, by her virtual key. It shows:`);
  narrator.tell(`  server ${form.server.name} at ${form.server.url_origin}`);
  narrator.tell(`  one input: ${form.fields.map(({ label }) => label).join(", ")}`);

  const give = (key: string): Promise<Schemas["FlowResult"]> =>
    alice.page.put("/api/v1/flows/{id}", { path, body: { headers: { [DEMO_HEADER]: new Secret(key) } } });
  const refusal = await give("a-wrong-key").then(
    () => null,
    (error: unknown) => error,
  );
  must(isKeywardError(refusal, "upstream_rejected"), "a wrong key is refused");
  narrator.tell("She mistypes: the server refuses the key, so Keyward stores nothing and says so.");

  const stored = await give(upstreamKeys.alice);
  must(stored.verification === "proven", "the right key is proven before it is stored");
  narrator.tell("The right key is verified with the server, then stored, encrypted and bound to her and this server.");
  return stored.credential_id;
}

async function goOn({ narrator }: DemoStage, waiting: Promise<readonly string[]>): Promise<void> {
  narrator.step("The call that waited goes on by itself");
  const [answer = "", ...notes] = await waiting;
  narrator.tell(`Answer: ${answer}`);
  notes.forEach((note) => narrator.tell(note));
}

function textsIn(answer: Awaited<ReturnType<DemoClient["callTool"]>>, { name }: Person): readonly string[] {
  must(answer.kind === "result" && answer.texts.join().includes(name), `the call of ${name} reaches the server`);
  return answer.texts.map(cell);
}

async function callAsAnother({ narrator }: DemoStage, bob: Person): Promise<void> {
  narrator.step("Bob calls the same tool");
  const answer = await bob.client.callTool(TOOL);
  must(answer.kind === "auth_required", "nobody's key is used for somebody else");
  narrator.tell(`Alice's key is hers alone: Bob gets a link of his own: ${withoutFragment(answer.url)}`);
  narrator.tell(`His client shows text only. It says what is asked for: ${answer.fields.join(", ")}.`);
}

function showUpstream({ upstream, narrator, upstreamKeys }: DemoStage): void {
  narrator.step("What the server itself saw (fingerprints of the keys)");
  for (const { method, fingerprint, person } of upstream.seen) {
    narrator.tell(`${method.padEnd(26)} key ${(fingerprint ?? "none").padEnd(9)} ${person ?? "refused"}`);
  }
  narrator.tell(`${fingerprintOf(upstreamKeys.alice)} is Alice's key, the only one that a tool call arrived with.`);
  narrator.tell("Refused were her mistyped key, and the wrong ones that Keyward tried to see whether keys matter.");
  const calls = upstream.seen.filter(({ method }) => method === "tools/call");
  must(calls.length > 0 && calls.every(({ person }) => person === "alice"), "only Alice's call reached the server");
}

async function showAudit({ narrator }: DemoStage, admin: RestClient): Promise<void> {
  narrator.step("What the audit log says");
  const { items } = await admin.list("/api/v1/audit", {}, 50);
  for (const event of items.toReversed()) {
    narrator.tell(`${when(event.at).slice(11)}  ${event.action.padEnd(26)} ${event.outcome}`);
  }
  must(
    items.some(({ action }) => action === "credential.stored"),
    "the stored key is in the audit log",
  );
}

async function revoke({ narrator }: DemoStage, admin: RestClient, alice: Person, credentialId: string): Promise<void> {
  narrator.step("The administrator revokes Alice's connection");
  await admin.remove("/api/v1/credentials/{id}", { path: { id: credentialId } });
  const answer = await alice.client.callTool(TOOL);
  must(answer.kind === "link_to_open", "after a revocation the caller is asked again");
  narrator.tell(`Her next call is answered with a new link. The old value is gone.`);
}

/** A link's fragment may hold a token. */
function withoutFragment(url: string): string {
  return url.split("#", 1)[0] ?? "";
}

function must(holds: boolean, promise: string): asserts holds {
  if (!holds) {
    throw new KeywardError("internal", { message: `The demo did not go as it should: ${promise} - but not now.` });
  }
}
