import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ALICE, PEOPLE, run, TOKEN } from "./run-against.ts";
import { NOW } from "./run-command.ts";
import { page, refusal } from "./stub-gateway.ts";

const CANARY = "sk-live-canary-77aa";

const NO_FORMAT = { choices: null, template: null, pattern: null };

const WEATHER = {
  id: "srv_1",
  name: "weather",
  url: "https://mcp.example.com/mcp",
  steps: [],
  status: "ready",
  auth_type: "per_user_headers",
  header_schema: [
    { ...NO_FORMAT, name: "X-API-Key", label: "Key", required: true },
    { ...NO_FORMAT, name: "X-Tenant", label: "Tenant", required: false },
  ],
  static_header_names: [],
  allow_all_identities: false,
  link_policy: "inherit",
  verification: { probe_tool: { name: "ping", arguments: { a: 1 } }, negative_control: false },
  tools: null,
  discovered: { tools: [{ name: "forecast" }, { name: "whoami" }], at: NOW },
  updated_at: NOW,
};
const SERVERS = { "GET /api/v1/servers": page(WEATHER) };
describe("servers", () => {
  it("list: a table for a person, the API's own fields as JSON, each request with the admin token", async () => {
    const { code, stdout, stderr, seen } = await run(SERVERS, ["servers", "list"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "NAME     STATUS  AUTH              HEADERS              TOOLS  URL                          ID",
        "weather  ready   per_user_headers  X-API-Key, X-Tenant  2      https://mcp.example.com/mcp  srv_1",
        "",
      ].join("\n"),
    );
    expect(seen[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    expect((await run(SERVERS, ["servers", "list", "--json"])).json()).toEqual({ items: [WEATHER] });
  });

  it("list: follows every page", async () => {
    const { json, seen } = await run(
      {
        "GET /api/v1/servers": ({ target }) =>
          target.includes("cursor=next")
            ? page({ ...WEATHER, name: "b" })
            : [200, { items: [{ ...WEATHER, name: "a" }], next_cursor: "next" }],
      },
      ["servers", "list", "--json"],
    );
    expect(json()).toMatchObject({ items: [{ name: "a" }, { name: "b" }] });
    expect(seen).toHaveLength(2);
  });

  it("show: takes a name or an id, and suggests the name that was meant", async () => {
    expect((await run(SERVERS, ["servers", "show", "srv_1"])).stdout).toContain(
      "per person      X-API-Key, X-Tenant (optional)",
    );
    const { code, stderr } = await run(SERVERS, ["servers", "show", "wether"]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "error: There is no such server. Did you mean weather? (server_not_found)\n`npx keyward servers list` shows the servers.\n",
    );
  });

  it("a name with control characters cannot repaint the terminal", async () => {
    const { stdout } = await run({ "GET /api/v1/servers": page({ ...WEATHER, name: "a\u001b[2Jb\u202ec" }) }, [
      "servers",
      "list",
    ]);
    expect(stdout).toContain("\na[2Jbc  ");
  });

  const POST = { "POST /api/v1/servers": [201, { ...WEATHER, verified: "proven" }] } as const;
  const add = (...args: readonly string[]) => ["servers", "add", "weather", "https://mcp.example.com/mcp", ...args];

  it("add: sends the declared headers and a sample from the environment, and says what was verified", async () => {
    const { code, stdout, stderr, sent } = await run(
      POST,
      add(
        "--header",
        "X-API-Key",
        "--optional-header",
        "X-Tenant",
        "--label",
        "x-api-key=API key",
        "--help-url",
        "X-API-Key=https://example.com/keys",
        "--sample",
        "X-API-Key=env:WEATHER_KEY",
        "--link-policy",
        "key_proof",
        "--tool",
        "forecast",
        "--probe-tool",
        "ping",
        "--probe-arguments",
        '{"a":1}',
      ),
      { env: { WEATHER_KEY: CANARY } },
    );
    expect(sent[0]?.body).toEqual({
      name: "weather",
      url: "https://mcp.example.com/mcp",
      auth_type: "per_user_headers",
      header_schema: [
        { name: "X-API-Key", required: true, label: "API key", help_url: "https://example.com/keys" },
        { name: "X-Tenant", required: false },
      ],
      static_headers: {},
      sample_headers: { "X-API-Key": CANARY },
      link_policy: "key_proof",
      verification: { probe_tool: { name: "ping", arguments: { a: 1 } }, negative_control: true },
      tools: ["forecast"],
    });
    expect(code).toBe(0);
    expect(stdout).toBe(
      "weather is ready (srv_1).\nVerified, proven: the sample was accepted and a wrong value was refused.\n2 tools: forecast, whoami\n",
    );
    expect(stderr).toBe("Next: npx keyward keys create <name>, then npx keyward servers grant weather <name>\n");
    expect(stdout + stderr).not.toContain(CANARY);
  });

  it("add: declares the format of a header, and what is no secret", async () => {
    const { sent, code } = await run(
      POST,
      add(
        "--header",
        "Authorization",
        "--template",
        "authorization=Bearer {value}",
        "--pattern",
        "Authorization=sk-[a-z=]{8}",
        "--pattern-hint",
        "Authorization=It begins with sk-.",
        "--optional-header",
        "X-Region",
        "--choices",
        "X-Region=eu, us east,ap",
        "--plain",
        "x-region",
      ),
    );
    expect(code).toBe(0);
    expect(sent[0]?.body).toMatchObject({
      header_schema: [
        {
          name: "Authorization",
          required: true,
          template: "Bearer {value}",
          pattern: "sk-[a-z=]{8}",
          pattern_hint: "It begins with sk-.",
        },
        { name: "X-Region", required: false, secret: false, choices: ["eu", "us east", "ap"] },
      ],
    });
  });

  it("add: says of each step of the verification what it showed", async () => {
    const steps = [
      { step: "connect", outcome: "ok", proves: "speaks_mcp" },
      { step: "list_tools", outcome: "ok", proves: "tools_known" },
      { step: "probe_tool", outcome: "skipped", proves: "nothing" },
      { step: "negative_control", outcome: "failed", proves: "any_value_passes" },
    ];
    const answer = { ...WEATHER, verified: "accepted", steps };
    const { stdout } = await run({ "POST /api/v1/servers": [201, answer] }, add("--header", "X-API-Key"));
    expect(stdout.split("\n").slice(2, 6)).toEqual([
      "- connect              ok       it speaks MCP",
      "- list tools           ok       its tools are known",
      "- call the probe tool  skipped",
      "- try a wrong value    failed   it was accepted: any value passes",
    ]);
    const refused = refusal(422, "upstream_rejected", "The server refused these values.", {
      steps: ["connect:ok", "list_tools:refused"],
    });
    const { stderr } = await run({ "POST /api/v1/servers": refused }, add("--header", "X-API-Key"));
    expect(stderr).toContain("\nSteps: connect ok, list tools refused\n");
  });

  it("show: says what is expected of each header", async () => {
    const header_schema = [
      { ...NO_FORMAT, name: "Authorization", required: true, template: "Bearer {value}", pattern: "sk-.+" },
      { ...NO_FORMAT, name: "X-Region", required: false, choices: ["eu", "us"] },
    ];
    const { stdout } = await run({ "GET /api/v1/servers": page({ ...WEATHER, header_schema }) }, [
      "servers",
      "show",
      "weather",
    ]);
    expect(stdout).toContain(
      'Authorization (as "Bearer {value}", matching sk-.+), X-Region (optional, one of eu | us)',
    );
  });

  it("add: without a terminal and a sample the server waits, and the answer says what to do", async () => {
    const waiting = { ...WEATHER, status: "pending_verification", discovered: null, verified: null };
    const { code, stdout, stderr, sent } = await run(
      { "POST /api/v1/servers": [201, waiting] },
      add("--header", "X-API-Key"),
    );
    expect(sent[0]?.body).not.toHaveProperty("sample_headers");
    expect(code).toBe(0);
    expect(stdout).toContain("Not verified: there was no sample.");
    expect(stderr).toContain("Next: npx keyward servers verify weather");
  });

  it("add: asks a person for each required header, hidden, and sends what was typed", async () => {
    const { sent, stdout, stderr } = await run(POST, add("--header", "X-API-Key"), { typed: [`${CANARY}\r`] });
    expect(sent[0]?.body).toMatchObject({ sample_headers: { "X-API-Key": CANARY } });
    expect(stderr).toContain("Sample value for X-API-Key (hidden; Enter leaves it out): \n");
    expect(stdout + stderr).not.toContain(CANARY);
  });

  it("add: reads static headers from a file, and the authentication follows from what is declared", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keyward-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "token");
    writeFileSync(file, `Bearer ${CANARY}\n`);
    const withStatic = await run(POST, add("--static-header", `Authorization=file:${file}`));
    expect(withStatic.sent[0]?.body).toMatchObject({
      auth_type: "headers",
      static_headers: { Authorization: `Bearer ${CANARY}` },
    });
    expect((await run(POST, add())).sent[0]?.body).toMatchObject({ auth_type: "none" });
  });

  it("add: reads the fields from a file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keyward-cli-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "fields.yaml");
    writeFileSync(file, "- name: X-API-Key\n  label: Key\n  secret: false\n");
    const { sent } = await run(POST, add("--header-schema", file));
    expect(sent[0]?.body).toMatchObject({ header_schema: [{ name: "X-API-Key", label: "Key", secret: false }] });
    writeFileSync(file, "name: X-API-Key");
    expect(await run(POST, add("--header-schema", file))).toMatchObject({ code: 2, sent: [] });
  });

  it.each([
    [
      "a sample on the command line",
      ["--header", "X-API-Key", "--sample", `X-API-Key=${CANARY}`],
      "may not stand on the command line",
    ],
    [
      "a static value on the command line",
      ["--static-header", `X-API-Key=${CANARY}`],
      "may not stand on the command line",
    ],
    [
      "a sample to ask for without a terminal",
      ["--header", "X-API-Key", "--sample", "X-API-Key"],
      "no terminal to ask for X-API-Key",
    ],
    ["a variable that is not set", ["--header", "X-API-Key", "--sample", "X-API-Key=env:NONE"], "is not set"],
    ["a label without a header", ["--label", "X-Other=Key", "--header", "X-API-Key"], "x-other is described, but"],
    ["a label that is none", ["--label", "Key", "--header", "X-API-Key"], "--label is written as header=text"],
    ["arguments without a probe", ["--probe-arguments", "{}"], "belongs to --probe-tool"],
    ["arguments that are no JSON", ["--probe-tool", "a", "--probe-arguments", CANARY], "is not JSON"],
    ["a format for a header that is not declared", ["--header", "X-A", "--pattern", "X-B=b"], "x-b is described"],
    ["a format without a header", ["--choices", "X-B=b"], "x-b is described"],
    ["a header schema that is not there", ["--header-schema", "/nonexistent/fields.yaml"], "cannot be read (ENOENT)"],
  ])("add: refuses %s, sends nothing and quotes no value", async (_, args, expected) => {
    const { code, stdout, stderr, seen } = await run(POST, add(...args));
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
    expect(stdout + stderr).not.toContain(CANARY);
    expect(seen).toEqual([]);
  });

  it.each(["a\nb", "a\u0001b", "äöü"])(
    "A31: refuses a sample that cannot be a header value (%j) without quoting it",
    async (rest) => {
      const { code, stderr, seen } = await run(POST, add("--header", "X-API-Key", "--sample", "X-API-Key=env:K"), {
        env: { K: `${CANARY}${rest}` },
      });
      expect([code, seen]).toEqual([1, []]);
      expect(stderr).toContain("invalid_header_value");
      expect(stderr).not.toContain(CANARY);
    },
  );

  it("verify: reads NAME=VALUE lines from standard input", async () => {
    const { code, sent } = await run(
      { ...SERVERS, "POST /api/v1/servers/srv_1/verify": [200, { ...WEATHER, verified: "accepted" }] },
      ["servers", "verify", "weather", "--samples-stdin"],
      { stdin: `# from the vault\n\nX-API-Key=${CANARY}=\r\nX-Tenant=7\n` },
    );
    expect(code).toBe(0);
    expect(sent[0]?.body).toEqual({ sample_headers: { "X-API-Key": `${CANARY}=`, "X-Tenant": "7" } });
  });

  it("verify: names the line that is no NAME=VALUE, not its text", async () => {
    const { code, stderr } = await run(SERVERS, ["servers", "verify", "weather", "--samples-stdin"], {
      stdin: `X-Tenant=1\n${CANARY}\n`,
    });
    expect(code).toBe(2);
    expect(stderr).toBe("error: Line 2 of standard input is not NAME=VALUE.\n");
  });

  it("verify: without a sample says which are needed", async () => {
    const { code, stderr } = await run(SERVERS, ["servers", "verify", "weather"]);
    expect([code, stderr]).toEqual([2, "error: A sample is needed for X-API-Key. Use --sample or --samples-stdin.\n"]);
  });

  it("verify: tells what the server refused", async () => {
    const { code, stderr } = await run(
      {
        ...SERVERS,
        "POST /api/v1/servers/srv_1/verify": refusal(422, "upstream_rejected", "The server refused these values."),
      },
      ["servers", "verify", "weather", "--samples-stdin"],
      { stdin: `X-API-Key=${CANARY}` },
    );
    expect([code, stderr]).toEqual([1, "error: The server refused these values. (upstream_rejected)\n"]);
  });

  it("edit: sends only what was said, and keeps the rest of the verification", async () => {
    const routes = { ...SERVERS, "PATCH /api/v1/servers/srv_1": [200, WEATHER] } as const;
    const sent = async (...args: readonly string[]) =>
      (await run(routes, ["servers", "edit", "weather", ...args])).sent[0]?.body;
    expect(await sent("--disable")).toEqual({ enabled: false });
    expect(await sent("--enable", "--allow-all")).toEqual({ enabled: true, allow_all_identities: true });
    expect(await sent("--no-allow-all", "--all-tools")).toEqual({ allow_all_identities: false, tools: null });
    expect(await sent("--negative-control")).toEqual({
      verification: { probe_tool: { name: "ping", arguments: { a: 1 } }, negative_control: true },
    });
    expect(await sent("--no-probe-tool")).toEqual({ verification: { probe_tool: null, negative_control: false } });
    expect(await sent("--url", "https://b.example/mcp", "--name", "b")).toEqual({
      url: "https://b.example/mcp",
      name: "b",
    });
  });

  it.each([[["--enable", "--disable"]], [["--all-tools", "--tool", "a"]], [[]]])(
    "edit: %j is not a change that can be made",
    async (args) => {
      expect(await run(SERVERS, ["servers", "edit", "weather", ...args])).toMatchObject({ code: 2, sent: [] });
    },
  );

  it("remove: wants a confirmation, by --yes or by a person", async () => {
    const routes = { ...SERVERS, "DELETE /api/v1/servers/srv_1": [204] } as const;
    const remove = (args: readonly string[], typed?: readonly string[]) =>
      run(routes, ["servers", "remove", "weather", ...args], typed === undefined ? {} : { typed });
    expect(await remove([])).toMatchObject({ code: 2, sent: [] });
    expect(await remove([], ["n\n"])).toMatchObject({ code: 1, sent: [] });
    expect((await remove([], ["yes\n"])).sent).toHaveLength(1);
    const { code, stdout, sent } = await remove(["--yes"]);
    expect([code, stdout, sent.length]).toEqual([0, "weather is removed.\n", 1]);
  });
});

describe("keys", () => {
  const ISSUED = { "POST /api/v1/virtual-keys": [201, { ...ALICE, key: "kw_the-key" }] } as const;

  it("create: prints the key alone on standard output, and the rest as a message", async () => {
    const { code, stdout, stderr, sent } = await run(ISSUED, [
      "keys",
      "create",
      "alice",
      "--expires-in",
      "90d",
      "--rate-limit",
      "60",
    ]);
    expect([code, stdout]).toEqual([0, "kw_the-key\n"]);
    expect(stderr).toContain("the only time that the key is shown");
    expect(stderr).not.toContain("kw_the-key");
    expect(sent[0]?.body).toEqual({ name: "alice", expires_at: NOW + 90 * 86_400_000, rate_limit_per_minute: 60 });
  });

  it("create: takes an end in ISO 8601, or none", async () => {
    expect((await run(ISSUED, ["keys", "create", "a", "--expires-at", "2027-06-01"])).sent[0]?.body).toEqual({
      name: "a",
      expires_at: Date.UTC(2027, 5, 1),
    });
    expect((await run(ISSUED, ["keys", "create", "a"])).sent[0]?.body).toEqual({ name: "a" });
  });

  it.each([
    [["--expires-in", "soon"]],
    [["--expires-in", "0d"]],
    [["--expires-at", "2020-01-01"]],
    [["--expires-at", "1.6.2027"]],
    [["--expires-in", "1d", "--expires-at", "2027-06-01"]],
    [["--rate-limit", "0"]],
    [["--rate-limit", "many"]],
  ])("create: refuses %j", async (args) => {
    expect(await run(ISSUED, ["keys", "create", "alice", ...args])).toMatchObject({ code: 2, sent: [], stdout: "" });
  });

  it("list: shows the prefix only", async () => {
    expect((await run(PEOPLE, ["keys", "list"])).stdout).toMatch(
      /^alice +kw_AbCdE… +- +yes +- +- +2027-01-15 12:00Z +vk_a\nowned +kw_AbCdE… +Ada +yes/m,
    );
  });

  it("enable, disable, revoke: by name or id", async () => {
    const routes = {
      ...PEOPLE,
      "PATCH /api/v1/virtual-keys/vk_a": [200, ALICE],
      "DELETE /api/v1/virtual-keys/vk_a": [204],
    } as const;
    expect((await run(routes, ["keys", "disable", "alice"])).sent[0]?.body).toEqual({ enabled: false });
    expect((await run(routes, ["keys", "enable", "vk_a"])).sent[0]?.body).toEqual({ enabled: true });
    expect((await run(routes, ["keys", "revoke", "alice", "--yes", "--json"])).json()).toEqual({ revoked: "vk_a" });
    expect(await run(routes, ["keys", "revoke", "alise", "--yes"])).toMatchObject({
      code: 1,
      sent: [],
      stderr: expect.stringContaining("Did you mean alice?") as string,
    });
  });

  it("refuses a name that two keys have, and names the ids", async () => {
    const twice = { "GET /api/v1/virtual-keys": page(ALICE, { ...ALICE, id: "vk_2" }) };
    expect(await run(twice, ["keys", "revoke", "alice", "--yes"])).toMatchObject({
      code: 2,
      sent: [],
      stderr: "error: Several keys have that name. Use the id of one: vk_a, vk_2.\n",
    });
  });
});

describe("connections and audit", () => {
  const CREDENTIAL = {
    id: "cred_1",
    server: { id: "srv_1", name: "weather" },
    identity: { auth_mode: "virtual_key", id: "vk_a", name: "alice" },
    status: "active",
    field_names: ["x-api-key"],
    verification: "proven",
    last_used_at: null,
  };

  it("connections list: filters by what a person knows", async () => {
    const { stdout, stderr, seen } = await run(
      { ...SERVERS, ...PEOPLE, "GET /api/v1/credentials": [200, { items: [CREDENTIAL], next_cursor: "more" }] },
      ["connections", "list", "--server", "weather", "--who", "alice", "--status", "active", "--limit", "1"],
    );
    expect(stdout).toMatch(/^weather +alice +active +x-api-key +proven +- +cred_1$/m);
    expect(stderr).toBe("There are more: see --limit.\n");
    expect(seen.at(-1)?.target).toBe(
      "/api/v1/credentials?server=srv_1&status=active&auth_mode=virtual_key&identity=vk_a&limit=1",
    );
  });

  it("connections revoke: deletes by id, and takes no path for one", async () => {
    const { code, sent } = await run({ "DELETE /api/v1/credentials/cred_1": [204] }, [
      "connections",
      "revoke",
      "cred_1",
      "--yes",
    ]);
    expect([code, sent[0]?.target]).toEqual([0, "/api/v1/credentials/cred_1"]);
    for (const id of ["..", "../servers/srv_1", "a?b", "%2e%2e"]) {
      expect(await run({}, ["connections", "revoke", id, "--yes"])).toMatchObject({ code: 1, seen: [] });
    }
  });

  it("connections revoke: several in one request, after one question", async () => {
    const routes = { "POST /api/v1/credentials/revoke": [200, { revoked: 2 }] } as const;
    const { code, sent, stdout } = await run(routes, ["connections", "revoke", "cred_1", "cred_2", "cred_3", "--yes"]);
    expect([code, sent.map(({ body }) => body)]).toEqual([0, [{ ids: ["cred_1", "cred_2", "cred_3"] }]]);
    expect(stdout).toBe("2 of 3 are revoked. The others were not there.\n");
    const many = Array.from({ length: 501 }, (_, i) => `cred_${i}`);
    const json = await run(routes, ["connections", "revoke", ...many, "--yes", "--json"]);
    expect(json.sent.map(({ body }) => (body as { ids: string[] }).ids.length)).toEqual([500, 1]);
    expect(json.json()).toEqual({ revoked: 4 });
  });

  it("connections test: says what the server says, and fails unless it accepts", async () => {
    const answer = { outcome: "accepted", verification: "proven", step: null, code: null };
    const test = (more: object) =>
      run({ "POST /api/v1/credentials/cred_1/test": [200, { ...answer, ...more }] }, ["connections", "test", "cred_1"]);
    expect(await test({})).toMatchObject({ code: 0, stdout: "The server accepts the values (proven).\n" });
    expect(await test({ outcome: "rejected", step: "list_tools" })).toMatchObject({
      code: 1,
      stdout: "The server refuses the values (list_tools). Nothing is sent with them any more.\n",
    });
    expect(await test({ outcome: "unknown", code: "upstream_unreachable" })).toMatchObject({
      code: 1,
      stdout: "Nothing is known, and nothing was changed (upstream_unreachable).\n",
    });
  });

  const EVENT = {
    id: 3,
    at: NOW,
    actor: { kind: "admin", auth_mode: null, id: "adm_1" },
    action: "credential.stored",
    outcome: "ok",
    server_id: "srv_1",
    identity: { auth_mode: "virtual_key", id: "vk_a" },
    detail: { verification: "proven", fields: ["x-api-key"] },
  };
  const AUDIT = {
    ...SERVERS,
    ...PEOPLE,
    "GET /api/v1/audit": page(EVENT, { ...EVENT, id: 2, server_id: null, identity: null }),
  };

  it("audit: a table with names, filters in the request", async () => {
    const { stdout, seen } = await run(AUDIT, [
      "audit",
      "--server",
      "weather",
      "--who",
      "alice",
      "--action",
      "credential.stored",
      "--since",
      "24h",
      "--credential",
      "cred_1",
    ]);
    expect(stdout).toMatch(
      /^2027-01-15 12:00Z +credential\.stored +ok +admin adm_1 +weather +virtual_key:vk_a +proven x-api-key$/m,
    );
    const audit = seen.find(({ target }) => target.startsWith("/api/v1/audit"));
    expect(audit?.target).toBe(
      `/api/v1/audit?action=credential.stored&server=srv_1&auth_mode=virtual_key&identity=vk_a&credential=cred_1&since=${NOW - 86_400_000}&limit=50`,
    );
  });

  it("audit: what somebody did, what was refused, within a stretch of time", async () => {
    const { seen } = await run(AUDIT, [
      "audit",
      "--by",
      "user:usr_1",
      "--outcome",
      "refused",
      "--since",
      "2d",
      "--until",
      "2027-01-15T00:00:00Z",
    ]);
    const until = Date.UTC(2027, 0, 15);
    expect(seen.find(({ target }) => target.startsWith("/api/v1/audit"))?.target).toBe(
      `/api/v1/audit?actor=user%3Ausr_1&outcome=refused&since=${NOW - 2 * 86_400_000}&until=${until}&limit=50`,
    );
    expect(await run(AUDIT, ["audit", "--until", "soon"])).toMatchObject({ code: 2, seen: [] });
  });

  it("audit verify: says that the log is intact and its last hash, and fails when it is not", async () => {
    const hash = "ab".repeat(32);
    const intact = { intact: true, events: 17, broken_at: null, last_hash: hash };
    const good = await run({ "GET /api/v1/audit/verify": [200, intact] }, ["audit", "verify"]);
    expect([good.code, good.stdout]).toEqual([0, `log        intact\nevents     17\nlast hash  ${hash}\n`]);
    const broken = { ...intact, intact: false, broken_at: 12, events: 11 };
    const bad = await run({ "GET /api/v1/audit/verify": [200, broken] }, ["audit", "verify"]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toMatch(/^first broken event +12$/m);
    const json = await run({ "GET /api/v1/audit/verify": [200, broken] }, ["audit", "verify", "--json"]);
    expect([json.code, JSON.parse(json.stdout)]).toEqual([1, broken]);
  });

  it("audit --jsonl: one event a line and nothing else", async () => {
    const { stdout, stderr } = await run(AUDIT, ["audit", "--jsonl"]);
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { id: number }).id),
    ).toEqual([3, 2]);
    expect(stderr).toBe("");
  });

  it("audit: refuses a time that is none", async () => {
    expect(await run(AUDIT, ["audit", "--since", "yesterday"])).toMatchObject({ code: 2, seen: [] });
    expect(await run(AUDIT, ["audit", "--limit", "0"])).toMatchObject({ code: 2 });
  });
});

describe("setup", () => {
  const SETUP = { "POST /api/v1/setup": [201, { id: "adm_1", name: "admin", admin_token: "kwa_new" }] } as const;

  it("prints the admin token alone on standard output, and presents no other token", async () => {
    const { code, stdout, stderr, seen } = await run(SETUP, ["setup", "kws_token"]);
    expect([code, stdout]).toEqual([0, "kwa_new\n"]);
    expect(stderr).not.toContain("kwa_new");
    expect(seen[0]).toMatchObject({ authorization: undefined, body: { setup_token: "kws_token", name: "admin" } });
  });

  it("takes the token from a pipe or a hidden question as well", async () => {
    expect((await run(SETUP, ["setup"], { stdin: "kws_token\n" })).sent[0]?.body).toMatchObject({
      setup_token: "kws_token",
    });
    const asked = await run(SETUP, ["setup", "--name", "ops"], { typed: ["kws_tok\u007f\u007fken\u001b[D\r"] });
    expect(asked.sent[0]?.body).toEqual({ setup_token: "kws_tken", name: "ops" });
    expect(asked.stderr).toContain("Setup token (hidden): \n");
  });

  it("A48: a setup token that was used says so", async () => {
    const { code, stderr } = await run(
      { "POST /api/v1/setup": refusal(409, "setup_done", "This setup token is not valid, or has been used.") },
      ["setup", "kws_used"],
    );
    expect(code).toBe(1);
    expect(stderr).toContain("(setup_done)\nSetup is done once.");
    expect(stderr).not.toContain("kws_used");
  });
});
