import { describe, expect, it } from "vitest";
import { createScene, SERVER } from "./scene.ts";
import { ADMIN_TOKEN, type Answer, createTestApp, errorOf, outcomeOf, type TestApp } from "./test-app.ts";

function create(test: TestApp, changes: Record<string, unknown> = {}): Promise<Answer> {
  return test.send("POST /api/v1/servers", { as: ADMIN_TOKEN, body: { ...SERVER, ...changes } });
}

describe("A32: names that may not be declared", () => {
  const RESERVED = [
    "Host",
    "content-LENGTH",
    "Transfer-Encoding",
    "Connection",
    "TE",
    "Upgrade",
    "Expect",
    "Proxy-Authorization",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Mcp-Param-Region",
    "Last-Event-ID",
    "Accept",
    "Content-Type",
    "X-Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "Via",
    "Origin",
    "Referer",
    "Sec-Fetch-Site",
    "CF-Connecting-IP",
    "traceparent",
    "Cookie",
    "Set-Cookie",
    "Keyward-Session",
  ];
  const MALFORMED = [
    "",
    " X-Key",
    "X-Key ",
    "X Key",
    "X:Key",
    "X_Key",
    "__proto__",
    "X-Ké",
    "X-Key\r\nHost",
    "x".repeat(65),
  ];

  it("A32: are refused when a server is saved, as a field and as a static header", async () => {
    const test = await createTestApp();
    for (const name of [...RESERVED, ...MALFORMED]) {
      // Written as text: an object literal would take __proto__ as its prototype.
      const asField = await create(test, { header_schema: [{ name }], sample_headers: undefined });
      const text = JSON.stringify({ ...SERVER, static_headers: undefined });
      const asStatic = await test.send("POST /api/v1/servers", {
        as: ADMIN_TOKEN,
        body: text.replace(/\}$/, `,"static_headers":{${JSON.stringify(name)}:"v"}}`),
      });
      const outcomes = [outcomeOf(asField), outcomeOf(asStatic)];
      expect(outcomes, JSON.stringify(name)).toEqual(Array(2).fill("400 invalid_header_name"));
    }
    expect((await test.send("GET /api/v1/servers", { as: ADMIN_TOKEN })).json["items"]).toEqual([]);
  });

  it("A32: one name twice, in whatever letter case or place, is refused; `constructor` is a name like any other", async () => {
    const test = await createTestApp();
    const twice = await create(test, { header_schema: [{ name: "X-Key" }, { name: "x-kEY" }] });
    expect(outcomeOf(twice)).toBe("400 invalid_header_schema");
    const two = await create(test, { static_headers: { "x-api-KEY": "v" } });
    expect(outcomeOf(two)).toBe("400 invalid_header_name");
    const constructed = await create(test, {
      header_schema: [{ name: "constructor" }],
      sample_headers: { constructor: "v" },
    });
    expect(outcomeOf(constructed)).toBe("201");
  });

  it("A32: a sample for a header that is not declared is refused, `__proto__` too", async () => {
    const test = await createTestApp();
    const text = JSON.stringify({ ...SERVER, sample_headers: undefined });
    const answer = await test.send("POST /api/v1/servers", {
      as: ADMIN_TOKEN,
      body: text.replace(/\}$/, `,"sample_headers":{"X-API-Key":"v","__proto__":"v"}}`),
    });
    expect(outcomeOf(answer)).toBe("400 invalid_header_name");
  });
});

describe("A31: header values that may not be sent", () => {
  const CANARY = "canary-51fa77e0";
  const VALUES: readonly [string, unknown][] = [
    ["CR", `${CANARY}\rX`],
    ["LF", `${CANARY}\nX`],
    ["CRLF and a header", `${CANARY}\r\nX-Evil: 1`],
    ["NUL", `${CANARY}\u0000`],
    ["DEL", `${CANARY}\u007f`],
    ["U+010A, which truncates to LF", `${CANARY}\u010aX`],
    ["a lone surrogate", `${CANARY}\ud800`],
    ["latin-1", `${CANARY}é`],
    ["8,193 bytes", CANARY + "x".repeat(8193 - CANARY.length)],
    ["an array", [CANARY]],
    ["an object with toString", { toString: CANARY, value: CANARY }],
    ["a number", 51770],
    ["true", true],
    ["null", null],
  ];

  it("A31: are refused in a submission, in static headers and in a sample, and not quoted", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    const path = `/api/v1/servers/${scene.serverId}`;
    scene.dials.length = 0;
    for (const [what, value] of VALUES) {
      const typed = { "X-API-Key": value };
      const fixed = { "X-Source": value };
      const answers = [
        await scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, body: { headers: typed } }),
        await create(scene, { name: "second", static_headers: fixed }),
        await create(scene, { name: "third", sample_headers: typed }),
        await scene.send(`POST ${path}/verify`, { as: ADMIN_TOKEN, body: { sample_headers: typed } }),
        await scene.send(`PATCH ${path}`, { as: ADMIN_TOKEN, body: { static_headers: fixed } }),
      ];
      for (const answer of answers) {
        expect(outcomeOf(answer), what).toBe("400 invalid_header_value");
        expect(errorOf(answer).details).toEqual({ field: expect.stringMatching(/^x-(api-key|source)$/) as string });
        expect(answer.text).not.toMatch(/canary|51770|8193/);
      }
    }
    expect(scene.dials.filter((dial) => dial.startsWith("verify"))).toEqual([]);
    expect(JSON.stringify(scene.log)).not.toContain(CANARY);
  });

  it("A31: a blank value is missing; outer white space, such as a pasted newline, is not part of a value", async () => {
    const scene = await createScene();
    const { flowId } = await scene.startFlow();
    const put = (value: string): Promise<Answer> =>
      scene.send(`PUT /api/v1/flows/${flowId}`, { as: scene.owner.key, body: { headers: { "x-api-key": value } } });
    expect(outcomeOf(await put(" \t"))).toBe("400 missing_header_values");
    expect(outcomeOf(await put("  value\r\n"))).toBe("200");
    expect(scene.dials.at(-2)).toBe("verify x-api-key=value");
  });
});
