import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createRestClient } from "../../src/cli/rest-client.ts";
import { isKeywardError, type KeywardError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { runCommand } from "./run-command.ts";
import { page, refusal, startStubGateway } from "./stub-gateway.ts";

const TOKEN = new Secret("kwa_canary-token-9");

async function failure(task: () => Promise<unknown>): Promise<KeywardError> {
  try {
    await task();
  } catch (error) {
    if (isKeywardError(error)) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

describe("an answer that is an error", () => {
  it("keeps the API's code, message and details", async () => {
    const { url } = await startStubGateway({
      "PUT /api/v1/flows/f": refusal(400, "missing_header_values", "Required header values are missing.", {
        fields: ["a"],
      }),
    });
    const error = await failure(() =>
      createRestClient(url, TOKEN).put("/api/v1/flows/{id}", { path: { id: "f" }, body: { headers: {} } }),
    );
    expect(error).toMatchObject({
      code: "missing_header_values",
      message: "Required header values are missing.",
      details: { fields: ["a"] },
    });
  });

  it("of a code that this version does not know is told with it", async () => {
    const { url } = await startStubGateway({ "GET /api/v1/servers": refusal(400, "brand_new", "New.\u001b[2J") });
    expect(await failure(() => createRestClient(url, TOKEN).get("/api/v1/servers"))).toMatchObject({
      code: "internal",
      message: "brand_new: New.[2J",
    });
  });
});

describe("a gateway that is none", () => {
  it.each([
    ["a web page", [200, "<html>"], /is not Keyward \(status 200\)/],
    ["a proxy's error page", [502, "<html>"], /is not Keyward \(status 502\)/],
    ["an error of another shape", [500, { error: "broken" }], /is not Keyward \(status 500\)/],
    ["an answer that is no object", [200, "null"], /is not Keyward \(status 200\)/],
  ] as const)("is named: %s", async (_, answer, expected) => {
    const { url } = await startStubGateway({ "GET /api/v1/servers": answer });
    const error = await failure(() => createRestClient(url, TOKEN).get("/api/v1/servers"));
    expect(error.code).toBe("gateway_unreachable");
    expect(error.message).toMatch(expected);
  });

  it("A29: a redirect is not followed, so the token goes nowhere else", async () => {
    const elsewhere = await startStubGateway({});
    const { url } = await startStubGateway({ "GET /api/v1/servers": { location: `${elsewhere.url}/api/v1/servers` } });
    expect((await failure(() => createRestClient(url, TOKEN).get("/api/v1/servers"))).code).toBe("gateway_unreachable");
    expect(elsewhere.seen).toEqual([]);
  });

  it("that does not listen is told with what to do", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const { code, stdout, stderr } = await runCommand(["servers", "list"], {
      env: { KEYWARD_URL: `http://127.0.0.1:${port}`, KEYWARD_ADMIN_TOKEN: "kwa_x" },
    });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      `error: http://127.0.0.1:${port} does not answer (ECONNREFUSED). (gateway_unreachable)\n` +
        "Is keyward running? Start it with `npx keyward serve`, or set KEYWARD_URL to where it runs.\n",
    );
  });
});

describe("what is presented", () => {
  it.each(["kwa_canary\nX: y", "kwa_canary ", "kwa_canary\u010a", ""])(
    "a token that cannot stand in a header (%j) is refused before fetch, which would quote it",
    (text) => {
      expect(() => createRestClient("http://127.0.0.1:1", new Secret(text))).toThrow(
        expect.objectContaining({ code: "invalid_request", message: expect.not.stringContaining("canary") as string }),
      );
    },
  );

  it.each(["127.0.0.1:4180", "ftp://a.example", "https://u:canary@a.example", "https://a.example/keyward", "canary"])(
    "the gateway's URL is an origin and nothing else: %s",
    (url) => {
      expect(() => createRestClient(url, null)).toThrow(
        expect.objectContaining({ code: "invalid_request", message: expect.not.stringContaining("canary") as string }),
      );
    },
  );

  it("secrets in a body are opened at any depth, and only on the wire", async () => {
    const { url, seen } = await startStubGateway({ "PATCH /api/v1/servers/srv_1": [200, {}] });
    const body = {
      name: new Secret("one"),
      static_headers: { "X-A": new Secret("two") },
      url: undefined,
      tools: null,
    };
    await createRestClient(url, TOKEN).patch("/api/v1/servers/{id}", { path: { id: "srv_1" }, body });
    expect(seen[0]?.body).toEqual({ name: "one", static_headers: { "X-A": "two" }, tools: null });
    expect(JSON.stringify(body)).toBe('{"name":"[secret]","static_headers":{"X-A":"[secret]"},"tools":null}');
  });

  it("a token over plain http to another machine is warned of", async () => {
    const env = { KEYWARD_ADMIN_TOKEN: "kwa_x", KEYWARD_URL: "http://keyward.invalid" };
    const { stderr } = await runCommand(["servers", "list"], { env });
    expect(stderr).toContain("warning: http://keyward.invalid is plain http");
    const { url } = await startStubGateway({ "GET /api/v1/servers": page() });
    const quiet = await runCommand(["servers", "list", "--gateway", url], { env });
    expect(quiet.stderr).toBe("");
  });
});

it("A12: an id with a slash, a dot or a percent sign in it is no path", async () => {
  const { url, seen } = await startStubGateway({});
  const client = createRestClient(url, TOKEN);
  for (const id of ["", ".", "..", "a/b", "a?b", "%2e%2e", "a#b", "ä", "a".repeat(256)]) {
    const error = await failure(() => client.get("/api/v1/servers/{id}", { path: { id } }));
    expect([error.code, error.message], id).toEqual(["invalid_request", "An id is letters, digits, - and _."]);
  }
  expect(seen).toEqual([]);
});

it("a list that has no items is not taken for an empty one", async () => {
  const { url } = await startStubGateway({ "GET /api/v1/audit": [200, {}] });
  const error = await failure(() => createRestClient(url, TOKEN).list("/api/v1/audit", {}, 1));
  expect(error.code).toBe("gateway_unreachable");
});

it("a list ends where it was asked to, and says that there is more", async () => {
  const { url, seen } = await startStubGateway({
    "GET /api/v1/audit": ({ target }) => {
      const limit = Number(new URL(target, "http://a").searchParams.get("limit"));
      return [200, { items: Array.from({ length: limit }, () => ({})), next_cursor: "c" }];
    },
  });
  const listing = await createRestClient(url, TOKEN).list("/api/v1/audit", {}, 700);
  expect(listing.items).toHaveLength(700);
  expect(listing.next_cursor).toBe("c");
  expect(seen.map(({ target }) => target)).toEqual(["/api/v1/audit?limit=500", "/api/v1/audit?limit=200&cursor=c"]);
});
