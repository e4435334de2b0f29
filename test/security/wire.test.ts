import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { fingerprint, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { setScene, type Scene } from "../helpers/scene.ts";
import { textsOf } from "../helpers/set-note.ts";
import { errorCode, textIn } from "../helpers/test-gateway.ts";

let scene: Scene;

afterEach(() => scene.close());

/** A place that no key may ever reach. */
async function startVictim(): Promise<{ url: string; received: IncomingHttpHeaders[] }> {
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

describe("on the wire", () => {
  it.each([301, 302, 303, 307, 308] as const)(
    "A29: a redirect with %d is followed nowhere, and its target sees no key",
    async (status) => {
      scene = await setScene();
      const { gateway, upstream, alice } = scene;
      await scene.connect(alice.key, scene.goodValue("alice"));
      const victim = await startVictim();
      const samePath = new URL(upstream.url);
      const targets = [
        `${victim.url}/mcp`,
        `https://${new URL(victim.url).host}/mcp`,
        "javascript:alert(1)",
        "//evil.example/mcp",
        samePath.href,
        `${samePath.origin}/elsewhere`,
      ];
      for (const to of targets) {
        upstream.misbehave({ kind: "redirect", status, to });
        upstream.received.length = 0;
        const called = await callTool(gateway, alice.key, "notes-whoami");
        expect(called.result.isError).toBe(true);
        expect(called.text).not.toContain(to);
        expect(upstream.received.filter(({ tool }) => tool === "whoami").length).toBeLessThanOrEqual(1);
      }
      const flow = await gateway.call("POST", `/api/v1/servers/${scene.serverId}/flow`, keyProof(alice.key), {});
      const put = await submit(gateway, textIn(flow.body, "flow_id"), keyProof(alice.key), {
        "X-API-Key": scene.goodValue("new"),
      });
      expect([put.status, errorCode(put)]).toEqual([422, "upstream_redirected"]);
      expect(victim.received).toEqual([]);
    },
  );

  it("A33: what a client sends never replaces, joins or accompanies the stored value", async () => {
    scene = await setScene();
    const { gateway, upstream, alice } = scene;
    const value = scene.goodValue("alice");
    await scene.connect(alice.key, value);
    upstream.received.length = 0;
    const smuggled = {
      authorization: `Bearer ${alice.key}`,
      "x-upstream-authorization": "Bearer evil",
      "mcp-param-authorization": "Bearer evil",
      "x-forwarded-for": "6.6.6.6",
      cookie: "evil=1",
      "x-evil": "evil",
    };
    const { result } = await rpc(gateway, "/mcp", smuggled, "tools/call", { name: "notes-whoami", arguments: {} });
    expect(textsOf(result)).toEqual([fingerprint(value)]);
    // The caller may prove itself with a header of the same name: it is still the stored value that goes up.
    const asApiKey = await rpc(gateway, "/mcp", { "x-api-key": alice.key }, "tools/call", {
      name: "notes-whoami",
      arguments: {},
    });
    expect(textsOf(asApiKey.result)).toEqual([fingerprint(value)]);
    expect(upstream.received).toHaveLength(2);
    for (const { rawHeaders } of upstream.received) {
      const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
      expect(names.filter((name) => name === "x-api-key")).toHaveLength(1);
      expect(rawHeaders).toContain(value);
      expect(rawHeaders.join("\n")).not.toMatch(/evil|6\.6\.6\.6|kw_/);
      expect(names).not.toContain("authorization");
    }
  });

  it("A35: a static header and a user header of one name are refused when the server is saved", async () => {
    scene = await setScene();
    const { gateway, upstream, serverId } = scene;
    const server = {
      name: "both",
      url: upstream.url,
      auth_type: "per_user_headers",
      header_schema: [{ name: "X-API-Key" }],
      static_headers: { "x-api-key": canaryValue("static") },
      sample_headers: { "X-API-Key": scene.goodValue("sample2") },
    };
    const created = await gateway.admin("POST", "/api/v1/servers", server);
    const patched = await gateway.admin("PATCH", `/api/v1/servers/${serverId}`, {
      static_headers: { "X-Api-Key": canaryValue("static") },
    });
    const twice = await gateway.admin("PATCH", `/api/v1/servers/${serverId}`, {
      static_headers: { "X-Team": canaryValue("a"), "x-team": canaryValue("b") },
    });
    for (const answer of [created, patched, twice]) {
      expect([answer.status, errorCode(answer)]).toEqual([400, "invalid_header_name"]);
    }
  });

  it("static headers accompany the user's, once each, and are never shown again", async () => {
    scene = await setScene();
    const { gateway, upstream, serverId, alice } = scene;
    const team = canaryValue("team");
    const { status, text } = await gateway.admin("PATCH", `/api/v1/servers/${serverId}`, {
      static_headers: { "X-Team": team },
    });
    expect([status, text.includes("x-team")]).toEqual([200, true]);
    const value = scene.goodValue("alice");
    await scene.connect(alice.key, value);
    upstream.received.length = 0;
    await callTool(gateway, alice.key, "notes-whoami");
    const [call] = upstream.received.filter(({ tool }) => tool === "whoami");
    expect([call?.headers["x-team"], call?.headers["x-api-key"]]).toEqual([team, value]);
  });

  it("A31: a value that may not be is refused with our words, counts no attempt, and nothing is dialled", async () => {
    scene = await setScene();
    const { gateway, upstream, alice } = scene;
    const { flowId } = await scene.askForLink(alice.key);
    const evil = canaryValue("evil");
    const values: readonly unknown[] = [
      `${evil}\r\nhost: evil`,
      `${evil}\u0000`,
      `${evil}\u010a`,
      `${evil}\ud800`,
      `é${evil}`,
      evil.padEnd(8193, "x"),
      [evil],
      { toString: evil },
      17,
    ];
    for (const value of values) {
      const { status, text } = await submit(gateway, flowId, keyProof(alice.key), { "X-API-Key": value });
      expect([status, text.includes(evil)]).toEqual([400, false]);
    }
    const undeclared = await submit(gateway, flowId, keyProof(alice.key), { host: "x", "X-API-Key": evil });
    expect(undeclared.status).toBe(400);
    expect(upstream.received).toEqual([]);
    const view = await gateway.call("GET", `/api/v1/flows/${flowId}`, keyProof(alice.key));
    expect(view.body["attempts_left"]).toBe(5);
  });

  it("A26: a server at an address that is not public and not listed is never dialled", async () => {
    scene = await setScene({ gateway: { env: { KEYWARD_ALLOW_PRIVATE_UPSTREAMS: "127.0.0.1/32" } } });
    const { gateway } = scene;
    const other = await startHeaderUpstream();
    onTestFinished(() => other.close());
    const { port } = new URL(other.url);
    const urls = [
      `http://localhost:${port}/mcp`,
      `http://127.0.0.2:${port}/mcp`,
      `http://[::1]:${port}/mcp`,
      `http://0.0.0.0:${port}/mcp`,
      "http://169.254.169.254/latest/meta-data",
      "http://metadata.google.internal/",
      "https://10.0.0.1/mcp",
      "https://[::ffff:10.0.0.1]/mcp",
    ];
    for (const url of urls) {
      const answer = await gateway.admin("POST", "/api/v1/servers", {
        name: "inner",
        url,
        auth_type: "none",
        header_schema: [],
      });
      expect([url, answer.status, errorCode(answer)]).toEqual([url, 422, "upstream_not_allowed"]);
    }
    expect(other.received).toEqual([]);
  });
});
