import { describe, expect, it } from "vitest";
import { createScene, type Scene, SERVER } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, errorOf, outcomeOf } from "./test-app.ts";

const HINT = "A key begins with sk- and has 8 more characters.";
const KEY = { name: "X-API-Key", pattern: "sk-\\w{8}", pattern_hint: HINT, template: "Bearer {value}" };
const REGION = { name: "X-Region", choices: ["eu", "us"], required: false };
const TENANT = { name: "X-Tenant", required: false, secret: false };
const NO_FORMAT = { pattern: null, pattern_hint: null, choices: null, template: null };
const CANARY = "canary-3b1f77";

function edit(scene: Scene, ...header_schema: object[]): Promise<Answer> {
  return scene.send(`PATCH /api/v1/servers/${scene.serverId}`, { as: ADMIN_TOKEN, body: { header_schema } });
}

async function credentialOf(scene: Scene): Promise<unknown> {
  return (await scene.send("GET /api/v1/credentials", { as: scene.owner.key })).json["items"];
}

/** A fresh link, and what its form does. */
async function open(scene: Scene) {
  const { flowId } = await scene.startFlow();
  const path = `/api/v1/flows/${flowId}`;
  return {
    view: (await scene.send(`GET ${path}`, { as: scene.owner.key })).json,
    submit: (headers: object) => scene.send(`PUT ${path}`, { as: scene.owner.key, body: { headers } }),
  };
}

describe("a declared format", () => {
  it("is read back as it was declared, and shown by the form", async () => {
    const scene = await createScene();
    const { json } = await edit(scene, KEY, REGION, TENANT);
    const declared = [
      { ...NO_FORMAT, ...KEY, label: "X-API-Key", secret: true },
      { ...NO_FORMAT, ...REGION, secret: false },
      { ...NO_FORMAT, ...TENANT },
    ];
    expect(json["header_schema"]).toMatchObject(declared);
    expect((await edit(scene, ...(json["header_schema"] as object[]))).json["header_schema"]).toEqual(
      json["header_schema"],
    );
    const { view } = await open(scene);
    expect(view["fields"]).toMatchObject(declared.map((field) => ({ ...field, name: field.name.toLowerCase() })));
  });

  it("that is not acceptable is refused when it is saved, for create and change alike", async () => {
    const scene = await createScene();
    const bad = [
      { ...KEY, pattern: "(?=x)y" },
      { ...KEY, pattern: "(a+)+?" },
      { ...REGION, choices: [] },
      { ...REGION, choices: ["eu", "eu"] },
      { ...REGION, pattern: "eu" },
      { ...TENANT, template: "no place" },
      { ...TENANT, pattern_hint: HINT },
    ];
    for (const field of bad) {
      const created = await scene.send("POST /api/v1/servers", {
        as: ADMIN_TOKEN,
        body: { ...SERVER, name: "second", header_schema: [field], sample_headers: undefined },
      });
      expect(outcomeOf(created), JSON.stringify(field)).toBe("400 invalid_header_schema");
      expect(outcomeOf(await edit(scene, field)), JSON.stringify(field)).toBe("400 invalid_header_schema");
    }
    const { json } = await scene.send(`GET /api/v1/servers/${scene.serverId}`, { as: ADMIN_TOKEN });
    expect(json).toMatchObject({ schema_revision: 1 });
  });

  it("makes the header that is verified and stored: what was typed, in its template", async () => {
    const scene = await createScene();
    await edit(scene, KEY, REGION);
    for (const typed of ["sk-abcd1234", " Bearer sk-abcd1234\n", "bearer sk-abcd1234"]) {
      expect(outcomeOf(await (await open(scene)).submit({ "x-api-key": typed, "x-region": "eu" }))).toBe("200");
      expect(scene.dials.filter((dial) => dial.startsWith("verify")).at(-1)).toBe(
        "verify x-api-key=Bearer sk-abcd1234&x-region=eu",
      );
    }
  });

  it("refuses a value that is not of it, with its hint, without the value, and without asking the server", async () => {
    const scene = await createScene();
    await edit(scene, KEY, REGION);
    const { submit } = await open(scene);
    scene.dials.length = 0;
    const wrongKey = await submit({ "x-api-key": CANARY });
    expect(errorOf(wrongKey)).toMatchObject({ code: "invalid_header_value", details: { field: "x-api-key" } });
    expect(errorOf(wrongKey).message).toContain(HINT);
    const wrongRegion = await submit({ "x-api-key": "sk-abcd1234", "x-region": CANARY });
    expect(errorOf(wrongRegion)).toMatchObject({ code: "invalid_header_value", details: { field: "x-region" } });
    const sample = { "X-API-Key": CANARY };
    const verify = `POST /api/v1/servers/${scene.serverId}/verify`;
    const wrongSample = await scene.send(verify, { as: ADMIN_TOKEN, body: { sample_headers: sample } });
    expect(outcomeOf(wrongSample)).toBe("400 invalid_header_value");
    expect(wrongKey.text + wrongRegion.text + wrongSample.text + JSON.stringify(scene.log)).not.toContain(CANARY);
    expect(scene.dials).toEqual([]);
    expect(outcomeOf(await submit({ "x-api-key": "sk-abcd1234" }))).toBe("200");
  });

  it("of a sample is the same", async () => {
    const scene = await createScene();
    const created = await scene.send("POST /api/v1/servers", {
      as: ADMIN_TOKEN,
      body: { ...SERVER, name: "second", header_schema: [KEY], sample_headers: { "X-API-Key": "sk-abcd1234" } },
    });
    expect(outcomeOf(created)).toBe("201");
    expect(scene.dials.at(-1)).toBe("verify x-api-key=Bearer sk-abcd1234");
  });
});

describe("an edit of the header schema", () => {
  const PLAIN_KEY = { name: "X-API-Key" };

  it.each<[string, object[]]>([
    ["a label", [{ ...PLAIN_KEY, label: "Your key" }, TENANT]],
    ["the order", [TENANT, PLAIN_KEY]],
    ["an optional field more", [PLAIN_KEY, TENANT, REGION]],
    ["a field less", [PLAIN_KEY]],
  ])("of %s bothers nobody", async (_what, fields) => {
    const scene = await createScene();
    await scene.connect();
    expect((await edit(scene, ...fields)).json).toMatchObject({ needs_update: 0 });
    expect(await credentialOf(scene)).toMatchObject([{ status: "active" }]);
  });

  it.each<[string, object]>([
    ["a pattern", { ...PLAIN_KEY, pattern: "sk-.+" }],
    ["choices", { ...PLAIN_KEY, choices: ["sk-1"] }],
    ["a template", { ...PLAIN_KEY, template: "Bearer {value}" }],
  ])("that adds %s asks again whoever has a value for that field", async (_what, field) => {
    const scene = await createScene();
    await scene.connect();
    expect((await edit(scene, field, TENANT)).json).toMatchObject({ needs_update: 1 });
    expect(await credentialOf(scene)).toMatchObject([{ status: "needs_update" }]);
    expect((await edit(scene, PLAIN_KEY, TENANT)).json).toMatchObject({ needs_update: 0 });
    expect(await credentialOf(scene)).toMatchObject([{ status: "active" }]);
  });

  it("asks only for the value that is older than its format, and keeps the others", async () => {
    const scene = await createScene();
    await scene.connect({ "X-API-Key": CANARY, "X-Tenant": "acme" });
    await edit(scene, { ...KEY, pattern: null, pattern_hint: null }, TENANT);
    const { view, submit } = await open(scene);
    expect(view["fields"]).toMatchObject([
      { name: "x-api-key", on_file: false, outdated: true },
      { name: "x-tenant", on_file: true, outdated: false },
    ]);
    const blank = await submit({ "x-tenant": "other" });
    expect(errorOf(blank)).toMatchObject({ code: "missing_header_values", details: { fields: ["x-api-key"] } });
    expect(outcomeOf(await submit({ "x-api-key": "sk-new" }))).toBe("200");
    expect(scene.dials.filter((dial) => dial.startsWith("verify")).at(-1)).toBe(
      "verify x-api-key=Bearer sk-new&x-tenant=acme",
    );
    expect(await credentialOf(scene)).toMatchObject([{ status: "active" }]);
    expect(
      (await edit(scene, { ...KEY, pattern: null, pattern_hint: null, help: "More." }, TENANT)).json,
    ).toMatchObject({
      needs_update: 0,
    });
  });
});
