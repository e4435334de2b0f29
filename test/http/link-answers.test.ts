import { expect, it } from "vitest";
import { byTempToken, createScene, GOOD_VALUES } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, errorOf, outcomeOf, type SendOptions } from "./test-app.ts";

const REFUSED = {
  kind: "rejected",
  step: "connect",
} as const;

const PUT_BODY = { body: { headers: GOOD_VALUES } };

it("A08: previews, prefetches, HEAD, OPTIONS and a thousand GETs change no state and count no attempt", async () => {
  const scene = await createScene();
  const { flowId } = await scene.startFlow();
  const before = await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key });
  const audit = await scene.send("GET /api/v1/audit", { as: ADMIN_TOKEN });
  scene.storeCalls.length = 0;
  const path = `/api/v1/flows/${flowId}`;
  for (let count = 0; count < 1000; count += 1) {
    await scene.send(`GET /connect/${flowId}`);
    await scene.send(`GET ${path}`);
  }
  for (const headers of [
    { "Sec-Purpose": "prefetch" },
    { Purpose: "prefetch" },
    { "User-Agent": "Slackbot-LinkExpanding" },
  ]) {
    expect(outcomeOf(await scene.send(`GET /connect/${flowId}`, { headers }))).toBe("200");
    expect(outcomeOf(await scene.send(`GET ${path}`, { headers }))).toBe("401 opener_unknown");
  }
  for (const method of ["HEAD", "OPTIONS"]) {
    const answer = await scene.send(`${method} ${path}`, { as: scene.stranger.key });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, PUT"]);
    expect((await scene.send(`HEAD /connect/${flowId}`)).status).toBe(200);
  }
  expect(scene.storeCalls, "something was looked up").toEqual([]);
  expect((await scene.send(`GET /api/v1/flows/${flowId}`, { as: scene.owner.key })).text).toBe(before.text);
  expect((await scene.send("GET /api/v1/audit", { as: ADMIN_TOKEN })).text).toBe(audit.text);
});

it("A08: only who may opens it: the first look of the proven opener is noted, and a thousand more change nothing", async () => {
  const scene = await createScene();
  const { flowId } = await scene.startFlow();
  const path = `GET /api/v1/flows/${flowId}`;
  const opened = async (): Promise<unknown> =>
    (await scene.send("GET /api/v1/audit?action=flow.opened", { as: ADMIN_TOKEN })).json["items"];
  await scene.send(path);
  await scene.send(path, { as: scene.stranger.key });
  await scene.send(`GET /connect/${flowId}`, { headers: { Purpose: "prefetch" } });
  expect(await opened()).toEqual([]);

  const first = await scene.send(path, { as: scene.owner.key });
  const owner = { auth_mode: "virtual_key", id: scene.owner.id };
  const event = { actor: { kind: "identity", ...owner }, identity: owner, address: "203.0.113.9", outcome: "ok" };
  expect(await opened()).toEqual([expect.objectContaining({ ...event, server_id: scene.serverId })]);
  scene.storeCalls.length = 0;
  // Past `send`, which compares each answer with the API description: that is not what is counted here.
  const rawPath = `/api/v1/flows/${flowId}`;
  const look = { headers: { Authorization: `Bearer ${scene.owner.key}` } };
  for (let count = 0; count < 1000; count += 1) {
    const again = await scene.app.request(rawPath, look, { requestId: "req_again", address: null, rawPath });
    expect(await again.text()).toBe(first.text);
  }
  expect(scene.storeCalls).not.toContain("markFlowOpened");
  expect(await opened()).toHaveLength(1);
});

it("is opened by a submission too, page or not", async () => {
  const scene = await createScene();
  await scene.connect();
  const { json } = await scene.send("GET /api/v1/audit", { as: ADMIN_TOKEN });
  const actions = (json["items"] as { action: string }[]).map(({ action }) => action);
  expect(actions.slice(0, 4)).toEqual(["credential.stored", "credential.verified", "flow.opened", "flow.requested"]);
});

it("A20: no answer of a link endpoint holds a stored value, its length or its beginning, in any state", async () => {
  const scene = await createScene({ areTempTokenLinksEnabled: true });
  const { owner } = scene;
  const answers: Answer[] = [];
  const look = async (flowId: string, proof: SendOptions): Promise<void> => {
    answers.push(await scene.send(`GET /api/v1/flows/${flowId}`, proof));
    answers.push(await scene.send(`GET /api/v1/flows/${flowId}/status`, proof));
  };
  const put = async (flowId: string, headers: Record<string, unknown>): Promise<void> => {
    answers.push(await scene.send(`PUT /api/v1/flows/${flowId}`, { as: owner.key, body: { headers } }));
  };
  await scene.connect();
  const { flowId, token } = await scene.startFlow();
  await look(flowId, { as: owner.key });
  await look(flowId, { as: ADMIN_TOKEN });
  await look(flowId, byTempToken(token));
  await look(flowId, {});
  await look(flowId, { as: scene.stranger.key });
  await put(flowId, { "X-API-Key": `${GOOD_VALUES["X-API-Key"]}\u0000` });
  await put(flowId, { "X-Other": GOOD_VALUES["X-API-Key"] });
  scene.answerVerify(REFUSED);
  await put(flowId, { "X-Tenant": "blank-keeps-the-canary" });
  scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
  await put(flowId, { "X-API-Key": "" });
  const updates = await scene.send(`POST /api/v1/servers/${scene.serverId}/flow`, { as: owner.key });
  answers.push(updates);
  await scene.send(`PATCH /api/v1/servers/${scene.serverId}`, {
    as: ADMIN_TOKEN,
    body: { header_schema: [{ name: "X-API-Key" }, { name: "X-Tenant" }, { name: "X-More" }] },
  });
  const needsUpdate = await scene.startFlow();
  await look(needsUpdate.flowId, { as: owner.key });

  const view = JSON.parse(answers.at(-2)?.text ?? "") as { credential: unknown; fields: { on_file: boolean }[] };
  expect(view.credential).toEqual({
    status: "needs_update",
    updated_at: expect.any(Number) as number,
    set_from: { client: null, address: "203.0.113.9" },
  });
  expect(view.fields.map((field) => field.on_file)).toEqual([true, true, false]);
  const said = answers.map((answer) => answer.text + JSON.stringify([...answer.headers])).join("\n");
  for (const value of [...Object.values(GOOD_VALUES), "static-canary-value", "sample-canary-value"]) {
    expect(said).not.toContain(value.slice(0, 8));
  }
  // The one hint that there is belongs to a pattern, and is the administrator's own text.
  expect(said.replaceAll('"pattern_hint":null', "")).not.toMatch(/length|prefix|preview|hint|masked/i);
  expect(answers.map(outcomeOf)).toContain("422 upstream_rejected");
  expect(answers.map(outcomeOf)).toContain("503 upstream_unreachable");
});

it("says in a refusal what to do next, and counts only what the server refused", async () => {
  const scene = await createScene();
  const { flowId } = await scene.startFlow();
  const put = (headers: unknown): Promise<Answer> =>
    scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, body: { headers } });
  expect(errorOf(await put({}))).toMatchObject({ code: "missing_header_values", details: { fields: ["x-api-key"] } });
  scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
  const unreachable = await put(GOOD_VALUES);
  expect([unreachable.status, unreachable.headers.get("retry-after")]).toEqual([503, "5"]);
  scene.answerVerify(REFUSED);
  expect(errorOf(await put(GOOD_VALUES)).details).toEqual({
    step: "connect",
    steps: ["connect:refused"],
    attempts_left: 4,
  });
});

it("bounds how often one link makes the gateway dial, also while the server is down", async () => {
  const scene = await createScene();
  const { flowId } = await scene.startFlow();
  scene.answerVerify({ kind: "unknown", code: "upstream_unreachable" });
  const outcomes: string[] = [];
  for (let count = 0; count < 22; count += 1) {
    outcomes.push(outcomeOf(await scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, ...PUT_BODY })));
  }
  expect(outcomes.filter((outcome) => outcome === "503 upstream_unreachable")).toHaveLength(20);
  expect(outcomes.slice(20)).toEqual(["429 rate_limited", "429 rate_limited"]);
});
