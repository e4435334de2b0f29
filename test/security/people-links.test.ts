import { afterEach, describe, expect, it } from "vitest";
import type { Browser, BrowserAnswer } from "../helpers/browser.ts";
import { joinWithKey, browserAt, PASSWORD, type KeyHolder } from "../helpers/people.ts";
import { keyProof } from "../helpers/person.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { ADMIN_TOKEN, textIn, type TestGatewayOptions } from "../helpers/test-gateway.ts";
import { callTool } from "../helpers/rpc.ts";

const UNKNOWN = "flow_AAAAAAAAAAAAAAAAAAAAAA";

interface Cast extends Scene {
  readonly ada: KeyHolder;
  readonly bob: KeyHolder;
  readonly root: KeyHolder;
}

let scene: Scene;

afterEach(() => scene.close());

/** Two users who may use the server, and an administrator. */
async function setCast(gateway?: TestGatewayOptions): Promise<Cast> {
  scene = await setScene(gateway === undefined ? {} : { gateway });
  const [ada, bob, root] = [
    await joinWithKey(scene.gateway, "Ada"),
    await joinWithKey(scene.gateway, "Bob"),
    await joinWithKey(scene.gateway, "Root", "admin"),
  ];
  const grants = [
    { auth_mode: "user", identity: ada.id },
    { auth_mode: "user", identity: bob.id },
    { auth_mode: "virtual_key", identity: scene.alice.id },
  ];
  const granted = await scene.gateway.admin("PUT", `/api/v1/servers/${scene.serverId}/grants`, { grants });
  expect(granted.status).toBe(200);
  return { ...scene, ada, bob, root };
}

/** All that can be done with a link: look, ask how far it is, submit. */
async function tryAll(browser: Browser, flowId: string, value: string): Promise<readonly BrowserAnswer[]> {
  return [
    await browser.call("GET", `/api/v1/flows/${flowId}`),
    await browser.call("GET", `/api/v1/flows/${flowId}/status`),
    await submitAs(browser, flowId, value),
  ];
}

function submitAs(browser: Browser, flowId: string, value: string): Promise<BrowserAnswer> {
  return browser.call("PUT", `/api/v1/flows/${flowId}`, { headers: { "X-API-Key": value } });
}

/** Who tried a link that was not theirs, oldest first. */
async function mismatches(): Promise<unknown[]> {
  const { body } = await scene.gateway.admin("GET", "/api/v1/audit?action=flow.opener_mismatch&limit=500");
  const items = body["items"] as { actor: object; identity: object; address: string; outcome: string }[];
  return items.toReversed().map(({ actor, identity, address, outcome }) => ({ actor, identity, address, outcome }));
}

async function stored(): Promise<unknown[]> {
  const { body } = await scene.gateway.admin("GET", "/api/v1/credentials");
  return (body["items"] as { identity: { id: string }; version: number }[]).map((row) => [
    row.identity.id,
    row.version,
  ]);
}

describe("a user's link", () => {
  it("A01: opens for that user signed in, and gets anybody else the answer of an unknown link; the log says who tried", async () => {
    const { gateway, ada, bob, root, goodValue, askForLink } = await setCast();
    const { flowId, url, token } = await askForLink(ada.key);
    expect([url, token]).toEqual([`${gateway.url}/connect/${flowId}`, null]);
    const unknown = await bob.browser.call("GET", `/api/v1/flows/${UNKNOWN}`);
    expect(unknown.status).toBe(404);

    for (const { browser } of [bob, root]) {
      for (const answer of await tryAll(browser, flowId, goodValue("planted"))) {
        expect([answer.status, answer.text]).toEqual([404, unknown.text]);
      }
    }
    // Nor by a key, Ada's own too, nor by an admin token.
    for (const proof of [keyProof(bob.key), keyProof(ada.key), keyProof(ADMIN_TOKEN)]) {
      const answer = await gateway.call("GET", `/api/v1/flows/${flowId}`, proof);
      expect([answer.status, answer.text]).toEqual([404, unknown.text]);
    }
    expect(await stored()).toEqual([]);

    const seen = await ada.browser.call("GET", `/api/v1/flows/${flowId}`);
    expect([seen.status, seen.body["proof"], seen.body["identity"]]).toEqual([
      200,
      "user",
      { auth_mode: "user", id: ada.id, name: "Ada" },
    ]);
    expect((await submitAs(ada.browser, flowId, goodValue("own"))).status).toBe(200);
    expect(await stored()).toEqual([[ada.id, 1]]);
    expect((await callTool(gateway, ada.key, "notes-whoami")).result.isError ?? false).toBe(false);

    const identity = { auth_mode: "user", id: ada.id };
    const tried = (actor: object) => ({ actor, identity, address: "127.0.0.1", outcome: "refused" });
    const asBob = tried({ kind: "identity", auth_mode: "user", id: bob.id });
    const asRoot = tried({ kind: "admin", auth_mode: null, id: root.id });
    expect(await mismatches()).toEqual([
      asBob,
      asBob,
      asBob,
      asRoot,
      asRoot,
      asRoot,
      asBob,
      tried({ kind: "identity", auth_mode: "user", id: ada.id }),
      tried({ kind: "admin", auth_mode: null, id: "configured" }),
    ]);
  });

  it("A01: asks a visitor who is signed out to sign in, for any id alike, and then opens for its user only", async () => {
    const { ada, bob, goodValue, askForLink } = await setCast();
    const { flowId } = await askForLink(ada.key);
    const anonymous = browserAt(scene.gateway);
    const answers = [
      ...(await tryAll(anonymous, flowId, goodValue("a"))),
      ...(await tryAll(anonymous, UNKNOWN, goodValue("b"))),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.text]).toEqual([401, answers[0]?.text]);
    }
    expect(answers[0]?.body["error"]).toMatchObject({ code: "opener_unknown", details: { sign_in: true } });
    // Nobody has tried anything: looking at a link while signed out tells the log nothing.
    expect(await mismatches()).toEqual([]);

    // Ada in another browser: signed out like anybody, then Ada.
    const elsewhere = browserAt(scene.gateway);
    expect((await elsewhere.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(401);
    await elsewhere.signIn(ada.email, PASSWORD);
    expect((await elsewhere.call("GET", `/api/v1/flows/${flowId}`)).body["proof"]).toBe("user");
    // The same browser, once Bob has signed in there.
    await elsewhere.signIn(bob.email, PASSWORD);
    expect((await submitAs(elsewhere, flowId, goodValue("c"))).status).toBe(404);
    expect(await stored()).toEqual([]);
    expect(await mismatches()).toHaveLength(1);
  });

  it("A02: of ten keys that are not its user's sign-in the last one closes it; being signed in as somebody else does not", async () => {
    const { ada, bob, gateway, goodValue, askForLink } = await setCast();
    const { flowId } = await askForLink(ada.key);
    for (let i = 0; i < 12; i += 1) {
      expect((await bob.browser.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(404);
    }
    expect((await ada.browser.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(200);
    // However often it is tried, the log says it ten times in a quarter of an hour.
    expect(await mismatches()).toHaveLength(10);
    for (let i = 0; i < 10; i += 1) {
      expect((await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(bob.key))).status).toBe(404);
    }
    expect((await submitAs(ada.browser, flowId, goodValue("late"))).status).toBe(404);
    const fresh = await askForLink(ada.key);
    expect((await submitAs(ada.browser, fresh.flowId, goodValue("fresh"))).status).toBe(200);
  });

  it("A03: is compared again when it is submitted: with the id swapped, and with the sign-in gone", async () => {
    const { ada, bob, goodValue, askForLink, gateway } = await setCast();
    const [adas, bobs] = [await askForLink(ada.key), await askForLink(bob.key)];
    expect((await ada.browser.call("GET", `/api/v1/flows/${adas.flowId}`)).status).toBe(200);
    const swapped = await submitAs(ada.browser, bobs.flowId, goodValue("planted"));
    expect(swapped.status).toBe(404);
    expect(await stored()).toEqual([]);

    const looked = ada.browser.copy();
    expect((await looked.call("GET", `/api/v1/flows/${adas.flowId}`)).status).toBe(200);
    await ada.browser.call("DELETE", "/api/v1/session");
    expect((await submitAs(looked, adas.flowId, goodValue("late"))).status).toBe(401);

    await ada.browser.signIn(ada.email, PASSWORD);
    expect((await ada.browser.call("GET", `/api/v1/flows/${adas.flowId}`)).status).toBe(200);
    await gateway.admin("PATCH", `/api/v1/users/${ada.id}`, { enabled: false });
    expect((await submitAs(ada.browser, adas.flowId, goodValue("disabled"))).status).toBe(401);
    expect(await stored()).toEqual([]);
    expect(scene.upstream.received).toEqual([]);
  });

  it("A04: is dead after its success, from another browser and with the same body too", async () => {
    const { ada, goodValue, askForLink } = await setCast();
    const { flowId } = await askForLink(ada.key);
    const value = goodValue("first");
    expect((await submitAs(ada.browser, flowId, value)).status).toBe(200);
    const elsewhere = browserAt(scene.gateway);
    await elsewhere.signIn(ada.email, PASSWORD);
    const unknown = await ada.browser.call("GET", `/api/v1/flows/${UNKNOWN}`);
    for (const browser of [ada.browser, elsewhere]) {
      for (const replay of [
        await browser.call("GET", `/api/v1/flows/${flowId}`),
        await submitAs(browser, flowId, value),
        await submitAs(browser, flowId, goodValue("other")),
      ]) {
        expect([replay.status, replay.text]).toEqual([404, unknown.text]);
      }
    }
    expect(await stored()).toEqual([[ada.id, 1]]);
    // Its own user may still be told that it is done.
    const status = await elsewhere.call("GET", `/api/v1/flows/${flowId}/status`);
    expect(status.body).toEqual({ state: "completed" });
  });

  it("never carries a token, also where links of keys do", async () => {
    const { ada, alice, askForLink } = await setCast({ env: { KEYWARD_TEMP_TOKEN_LINKS: "on" } });
    expect((await askForLink(ada.key)).token).toBeNull();
    expect((await askForLink(alice.key)).token).toMatch(/^kwt_/);
  });
});

describe("a virtual key's link", () => {
  it("opens for the administrator signed in and for the key itself, and for no other user", async () => {
    const { root, bob, alice, gateway, goodValue, askForLink } = await setCast();
    const { flowId } = await askForLink(alice.key);
    for (const answer of await tryAll(bob.browser, flowId, goodValue("planted"))) {
      expect(answer.status).toBe(404);
    }
    expect(await mismatches()).toHaveLength(3);
    const seen = await root.browser.call("GET", `/api/v1/flows/${flowId}`);
    expect([seen.status, seen.body["proof"], seen.body["identity"]]).toEqual([
      200,
      "user",
      { auth_mode: "virtual_key", id: alice.id, name: "alice" },
    ]);
    expect((await submitAs(root.browser, flowId, goodValue("by-root"))).status).toBe(200);
    expect(await stored()).toEqual([[alice.id, 1]]);
    const { body } = await gateway.admin("GET", "/api/v1/audit?action=credential.stored");
    expect(body["items"]).toMatchObject([
      { actor: { kind: "admin", id: root.id }, identity: { auth_mode: "virtual_key", id: alice.id } },
    ]);
  });

  it("opens for the user who made the key, signed in, also when no longer an administrator", async () => {
    const { root, bob, gateway, goodValue, askForLink, serverId } = await setCast();
    const second = await joinWithKey(gateway, "Second", "admin");
    const made = await second.browser.call("POST", "/api/v1/virtual-keys", { name: "robot" });
    const robot = { id: textIn(made.body, "id"), key: textIn(made.body, "key") };
    await gateway.grant(serverId, robot.id);
    await gateway.admin("PATCH", `/api/v1/users/${second.id}`, { role: "user" });
    const { flowId } = await askForLink(robot.key);
    expect((await bob.browser.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(404);
    expect((await second.browser.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(200);
    expect((await submitAs(second.browser, flowId, goodValue("by-creator"))).status).toBe(200);
    expect(await stored()).toEqual([[robot.id, 1]]);
    expect(root.id).not.toBe(second.id);
  });

  it("opens by the pasted key whoever is signed in, and by no wrong key for whoever might", async () => {
    const { root, bob, alice, goodValue, askForLink } = await setCast();
    const { flowId } = await askForLink(alice.key);
    const pasted = { authorization: `Bearer ${alice.key}` };
    const seen = await bob.browser.call("GET", `/api/v1/flows/${flowId}`, undefined, pasted);
    expect([seen.status, seen.body["proof"]]).toEqual([200, "virtual_key"]);
    // The header alone decides: it is not mended by the cookie of somebody who could open the link.
    const wrong = { authorization: `Bearer ${bob.key}` };
    expect((await root.browser.call("GET", `/api/v1/flows/${flowId}`, undefined, wrong)).status).toBe(404);
    const body = { headers: { "X-API-Key": goodValue("pasted") } };
    expect((await bob.browser.call("PUT", `/api/v1/flows/${flowId}`, body, pasted)).status).toBe(200);
  });
});

describe("a session's link", () => {
  it("opens by the session's value only, not for an administrator who is signed in", async () => {
    const { root, gateway, serverId } = await setCast({ env: { KEYWARD_SESSION_IDENTITIES: "on" } });
    const bySession = { "keyward-session": "a-session-value-of-more-than-32-characters" };
    const me = await gateway.call("GET", "/api/v1/me", bySession);
    const { id } = me.body["identity"] as { id: string };
    await gateway.admin("PUT", `/api/v1/servers/${serverId}/grants`, {
      grants: [{ auth_mode: "session", identity: id }],
    });
    const started = await gateway.call("POST", `/api/v1/servers/${serverId}/flow`, bySession, {});
    const flowId = textIn(started.body, "flow_id");
    expect((await root.browser.call("GET", `/api/v1/flows/${flowId}`)).status).toBe(404);
    expect((await gateway.call("GET", `/api/v1/flows/${flowId}`, bySession)).status).toBe(200);
  });
});
