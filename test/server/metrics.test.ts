import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { ERROR_TABLE } from "../../src/core/errors.ts";
import { CALL_OUTCOMES } from "../../src/gateway/visit.ts";
import { METHOD_CLASSES } from "../../src/server/metrics/method-class.ts";
import { STAGES } from "../../src/server/metrics/metrics.ts";
import { createServerNames } from "../../src/server/metrics/server-names.ts";
import { type HeaderUpstream, startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { startKeyward } from "../helpers/keyward-process.ts";
import { keyProof, linkIn, submit } from "../helpers/person.ts";
import { callTool, rpc } from "../helpers/rpc.ts";
import { ADMIN_TOKEN, startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

const METRICS_TOKEN = "test-metrics-token-0123456789abcdef";
const GOOD = canaryValue("good");
const BAD = canaryValue("bad");

let gateway: TestGateway;
let upstream: HeaderUpstream;

beforeEach(async () => {
  upstream = await startHeaderUpstream({ accepts: (value) => value === GOOD, echo: true });
  gateway = await startTestGateway({ env: { KEYWARD_METRICS_TOKEN: METRICS_TOKEN } });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

function scrape(headers: Readonly<Record<string, string>> = { authorization: `Bearer ${METRICS_TOKEN}` }) {
  return gateway.call("GET", "/metrics", headers);
}

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function seriesIn(text: string): readonly Series[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const {
        name = "",
        labels = "",
        value,
      } = /^(?<name>\w+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/.exec(line)?.groups ?? {};
      const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text] as const);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

async function valueOf(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  const all = seriesIn((await scrape()).text);
  return all.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    ?.value;
}

/** Everything that can happen to a call, and to a form. */
async function liveThrough(): Promise<{ readonly secrets: readonly string[] }> {
  const serverId = await gateway.register("notes", upstream.url, GOOD);
  const { id, key } = await gateway.issueKey("alice-9f27");
  await gateway.grant(serverId, id);
  const asked = await callTool(gateway, key, "notes-whoami");
  const { flowId } = linkIn(asked.text);
  expect((await submit(gateway, flowId, keyProof(key), { "X-API-Key": BAD })).status).toBe(422);
  expect((await submit(gateway, flowId, keyProof(key), {})).status).toBe(400);
  expect((await submit(gateway, flowId, keyProof(key), { "X-API-Key": GOOD })).status).toBe(200);
  expect((await callTool(gateway, key, "notes-whoami")).status).toBe(200);
  await rpc(gateway, "/mcp", keyProof(key), "made/up-4711");
  await rpc(gateway, "/mcp/made-up-4711", keyProof(key), "tools/list");
  await rpc(gateway, "/mcp/notes", { authorization: "Bearer kw_made-up-4711" }, "tools/list");
  await rpc(gateway, "/mcp/notes", keyProof(key), "tools/list");
  upstream.change({ accepts: () => false });
  await callTool(gateway, key, "notes-whoami");
  upstream.change({ accepts: () => true });
  return { secrets: [id, key, "alice-9f27", "whoami", "4711", GOOD, BAD, flowId] };
}

it("/metrics takes the metrics token or an admin token, from whatever host, and nothing else", async () => {
  const { key } = await gateway.issueKey("alice");
  expect((await scrape({})).status).toBe(401);
  expect((await scrape(keyProof(key))).status).toBe(401);
  expect((await scrape({ authorization: `Bearer ${METRICS_TOKEN}x` })).status).toBe(401);
  expect((await gateway.call("POST", "/metrics", { authorization: `Bearer ${METRICS_TOKEN}` })).status).toBe(405);
  expect((await scrape({ authorization: `Bearer ${ADMIN_TOKEN}` })).status).toBe(200);
  const answer = await scrape();
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "no-store",
  ]);
  const asAdmin = await gateway.call("GET", "/api/v1/servers", { authorization: `Bearer ${METRICS_TOKEN}` });
  expect(asAdmin.status).toBe(401);
});

/** Every label that may be, with every value that it may have. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  server: ["", "notes", "other"],
  method: METHOD_CLASSES,
  outcome: [
    ...CALL_OUTCOMES,
    "made",
    "limited",
    "failed",
    "done",
    "stored",
    "rejected",
    "unreachable",
    "invalid",
    "gone",
    "busy",
    "accepted",
    "unknown",
  ],
  stage: STAGES,
  reason: ["missing", "needs_update", "rejected"],
  verdict: ["rejected", "call_refused", "unknown"],
  sweep: ["flows", "orphans", "records"],
  code: Object.keys(ERROR_TABLE),
  operation: ["read", "write"],
  kind: ["answer", "session", "subscription"],
};

it("every label is of a closed list or a registered server's name: no identity, value, tool or text of a caller", async () => {
  const { secrets } = await liveThrough();
  const { text } = await scrape();
  for (const { name, labels } of seriesIn(text)) {
    for (const [label, value] of Object.entries(labels)) {
      if (label === "le") continue;
      expect(ALLOWED[label], `${name} ${label}="${value}"`).toContain(value);
    }
  }
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
});

it("counts what becomes of calls, links, forms, verifications and rejections, and times every stage", async () => {
  await liveThrough();
  const counted = async (name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> =>
    valueOf(`keyward_${name}`, labels);
  const call = { server: "notes", method: "call" };
  expect(await counted("calls_total", { ...call, outcome: "ok" })).toBe(1);
  expect(await counted("calls_total", { ...call, outcome: "auth_required" })).toBe(2);
  expect(await counted("calls_total", { server: "", method: "other", outcome: "error" })).toBe(1);
  expect(await counted("calls_total", { server: "", outcome: "unauthenticated" })).toBe(1);
  expect(await counted("calls_total", { server: "", outcome: "refused" })).toBe(1);
  expect(await counted("call_seconds_count", { server: "notes" })).toBe(4);
  expect(await counted("auth_required_total", { server: "notes", reason: "missing" })).toBe(1);
  expect(await counted("auth_required_total", { server: "notes", reason: "rejected" })).toBe(1);
  expect(await counted("links_total", { outcome: "made" })).toBe(2);
  expect(await counted("submissions_total", { outcome: "rejected" })).toBe(1);
  expect(await counted("submissions_total", { outcome: "invalid" })).toBe(1);
  expect(await counted("submissions_total", { outcome: "stored" })).toBe(1);
  expect(await counted("verifications_total", { outcome: "accepted" })).toBe(2);
  expect(await counted("verifications_total", { outcome: "rejected" })).toBe(2);
  expect(await counted("rejections_total", { verdict: "rejected" })).toBe(1);
  expect(await counted("secret_scrubbed_total", { server: "notes" })).toBeGreaterThan(0);
  expect(await counted("sweeps_total", { sweep: "flows", outcome: "done" })).toBe(1);
  expect(await counted("sweep_last_success_timestamp_seconds", { sweep: "flows" })).toBeGreaterThan(1_700_000_000);
  expect(await counted("store_seconds_count", { operation: "read" })).toBeGreaterThan(0);
  expect(await counted("store_seconds_count", { operation: "write" })).toBeGreaterThan(0);
  for (const stage of STAGES) {
    expect(await counted("stage_seconds_count", { stage }), stage).toBeGreaterThan(0);
  }
});

it("tells what is not dialled, what the egress guard stops, and what a server does not answer", async () => {
  const serverId = await gateway.register("notes", upstream.url, GOOD);
  const { id, key } = await gateway.issueKey("alice");
  await gateway.grant(serverId, id);
  const { flowId } = linkIn((await callTool(gateway, key, "notes-whoami")).text);
  await submit(gateway, flowId, keyProof(key), { "X-API-Key": GOOD });
  await upstream.close();
  for (let i = 0; i < 4; i += 1) {
    await callTool(gateway, key, "notes-whoami");
  }
  expect(await valueOf("keyward_upstream_failures_total", { server: "notes", code: "upstream_unreachable" })).toBe(4);
  expect(await valueOf("keyward_breaker_open", { server: "notes" })).toBe(1);
  const elsewhere = { name: "inside", url: "http://169.254.169.254/mcp", auth_type: "per_user_headers" };
  await gateway.admin("POST", "/api/v1/servers", {
    ...elsewhere,
    header_schema: [{ name: "X-API-Key" }],
    sample_headers: { "X-API-Key": GOOD },
  });
  expect(await valueOf("keyward_egress_refused_total", { code: "upstream_not_allowed" })).toBe(1);
  upstream = await startHeaderUpstream();
});

it("the label server has so many values and no more", () => {
  const names = createServerNames();
  const labels = Array.from({ length: 600 }, (_, i) => names.labelOf({ id: `srv_${i}`, name: `n${i}` as never }));
  expect(new Set(labels).size).toBe(501);
  expect(labels.at(-1)).toBe("other");
  expect([names.labelOf(null), names.labelOfId("srv_0"), names.labelOfId("srv_599")]).toEqual(["", "n0", "other"]);
});

it("A72: scrapers that do not read hold up nobody else", async () => {
  const { port } = new URL(gateway.url);
  const hung = Array.from({ length: 8 }, () => {
    const socket = connect({ port: Number(port), host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    socket.pause();
    const head = `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${METRICS_TOKEN}\r\n\r\n`;
    socket.write(head.repeat(400));
    return once(socket, "connect");
  });
  await Promise.all(hung);
  expect((await gateway.call("GET", "/healthz")).status).toBe(200);
  expect((await gateway.admin("GET", "/api/v1/servers")).status).toBe(200);
});

it("a process of its own tells its memory, CPU and event loop", async () => {
  const child = await startKeyward({ cwd: gateway.folder, args: ["--database-url", "sqlite:other.db"] });
  const text = await (
    await fetch(`${child.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  ).text();
  await child.kill("SIGTERM");
  for (const name of [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "nodejs_eventloop_lag_p99_seconds",
  ]) {
    expect(text).toMatch(new RegExp(`^${name} `, "m"));
  }
});
