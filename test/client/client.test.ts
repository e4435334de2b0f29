import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { renderApiTypes } from "../../scripts/generate-client.ts";
import { answerOf, ApiFailure, createApiClient, isPreview } from "../../src/client/client.ts";
import type { Schemas } from "../../src/client/api-types.ts";

/** A client whose requests are answered by the test. */
function clientOf(answer: () => Response | Promise<Response>, csrf?: string | null) {
  const seen: { method: string; url: string; csrf: string | null; body: string }[] = [];
  const client = createApiClient({
    baseUrl: "http://gateway",
    fetch: async (request) => {
      const { method, url, headers } = request;
      seen.push({ method, url, csrf: headers.get("keyward-csrf"), body: await request.text() });
      return answer();
    },
    ...(csrf === undefined ? {} : { csrfToken: () => csrf }),
  });
  return { client, seen };
}

const GROUP = { id: "grp_1", name: "ops", members_count: 2, created_at: 1 };

it("src/client/api-types.ts is what `node scripts/generate-client.ts` writes", () => {
  expect(readFileSync(new URL("../../src/client/api-types.ts", import.meta.url), "utf8")).toBe(renderApiTypes());
});

describe("a call", () => {
  it("goes to its path with its query, and its answer has the type of that route", async () => {
    const { client, seen } = clientOf(() => Response.json({ items: [GROUP], next_cursor: null }));
    const users = answerOf(client.GET("/api/v1/users", { params: { query: { q: "a b", enabled: false } } }));
    expectTypeOf(users).resolves.toEqualTypeOf<{ items: Schemas["User"][]; next_cursor: string | null }>();
    const group = answerOf(
      client.PATCH("/api/v1/groups/{id}", { params: { path: { id: "grp_1" } }, body: { name: "ops" } }),
    );
    expectTypeOf(group).resolves.toEqualTypeOf<Schemas["Group"]>();
    await Promise.all([users, group]);
    expect(seen.map(({ method, url, body }) => `${method} ${url} ${body}`)).toEqual([
      "GET http://gateway/api/v1/users?q=a%20b&enabled=false ",
      'PATCH http://gateway/api/v1/groups/grp_1 {"name":"ops"}',
    ]);
  });

  it("does not compile with a path, a method, a value or a key that the API does not have", () => {
    const { client } = clientOf(() => new Response(null, { status: 204 }));
    type Get = Parameters<typeof client.GET>[0];
    type Delete = Parameters<typeof client.DELETE>[0];
    expectTypeOf<"/api/v1/groups">().toExtend<Get>();
    expectTypeOf<"/api/v1/gruops">().not.toExtend<Get>();
    expectTypeOf<"/api/v1/groups">().not.toExtend<Delete>();
    expectTypeOf<{ name: string; role: "root" }>().not.toExtend<Schemas["UserPatch"]>();
    expectTypeOf<{ name?: undefined }>().toExtend<Schemas["UserPatch"]>();
  });

  it("that may be tried tells a preview from a result", async () => {
    const preview = { preview: { orphaned: 1, reactivated: 0, needs_update: 0, people: 1 } };
    const { client, seen } = clientOf(() => Response.json(preview));
    const params = { path: { id: "grp_1" }, query: { dry_run: true } };
    const answer = await answerOf(client.DELETE("/api/v1/groups/{id}", { params }));
    expectTypeOf(answer).toEqualTypeOf<Schemas["Preview"] | undefined>();
    expect(isPreview(answer) && answer.preview.people).toBe(1);
    expect(seen[0]?.url).toBe("http://gateway/api/v1/groups/grp_1?dry_run=true");
    expect(isPreview({ ...GROUP })).toBe(false);
  });

  it("that has no content answers undefined", async () => {
    const { client } = clientOf(() => new Response(null, { status: 204 }));
    const call = client.DELETE("/api/v1/credentials/{id}", { params: { path: { id: "cred_1" } } });
    expect(await answerOf(call)).toBeUndefined();
  });
});

describe("the CSRF token", () => {
  it("is asked for anew at each call, and stands in those that change something", async () => {
    const tokens = ["first", "second", null];
    const seen: (string | null)[] = [];
    const client = createApiClient({
      baseUrl: "http://gateway",
      fetch: (request) => {
        seen.push(request.headers.get("keyward-csrf"));
        return Promise.resolve(new Response(null, { status: 204 }));
      },
      csrfToken: () => tokens.shift() ?? null,
    });
    await client.GET("/api/v1/me");
    await client.DELETE("/api/v1/credentials/{id}", { params: { path: { id: "a" } } });
    await client.POST("/api/v1/groups", { body: { name: "ops" } });
    await client.PATCH("/api/v1/groups/{id}", { params: { path: { id: "a" } }, body: { name: "ops" } });
    expect(seen).toEqual([null, "first", "second", null]);
  });
});

describe("a failure", () => {
  const failureOf = async (answer: () => Response | Promise<Response>): Promise<ApiFailure> => {
    const call = answerOf(clientOf(answer).client.GET("/api/v1/groups"));
    return call.then(
      () => expect.unreachable("it did not fail"),
      (error: unknown) => (error instanceof ApiFailure ? error : expect.unreachable("of another class")),
    );
  };

  it("has the API's code, message, status and details", async () => {
    const error = { code: "last_admin", message: "Somebody has to remain.", details: { fields: ["role"] } };
    expect(await failureOf(() => Response.json({ error }, { status: 409 }))).toMatchObject({ ...error, status: 409 });
  });

  it.each([
    ["a proxy's page", () => new Response("<html>", { status: 502 }), 502],
    ["another API's error", () => Response.json({ error: "no" }, { status: 404 }), 404],
    ["a page instead of an answer", () => new Response("<html>"), 0],
    ["no connection", () => Promise.reject(new TypeError("fetch failed")), 0],
  ])("is gateway_unreachable for %s", async (_, answer, status) => {
    expect(await failureOf(answer)).toMatchObject({ code: "gateway_unreachable", status });
  });

  it("is not made of an abort of the caller's own", async () => {
    const abort = new DOMException("gone", "AbortError");
    const call = answerOf(clientOf(() => Promise.reject(abort)).client.GET("/api/v1/groups"));
    await expect(call).rejects.toBe(abort);
  });
});
