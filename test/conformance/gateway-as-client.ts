import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { CLIENT_DONE } from "./run-suite.ts";

/*
 * What the conformance runner starts as the client under test. The client is really Keyward: this script registers the
 * scenario's server as an upstream of a running gateway and makes calls through the gateway, so that the scenario sees
 * what the gateway sends.
 *
 * Arguments: what a `ClientTask` says, as JSON in base64url, and the URL of the scenario's server.
 */

export interface ClientTask {
  readonly gateway: string;
  readonly adminToken: string;
  /** The name to register the server under. */
  readonly server: string;
  /**
   * `one` is `/mcp/<server>`, which hands on what a client of the same era says. `all` is `/mcp`, where the gateway is
   * a client of its own: there a client of the older era calls, so that whatever the newer one wants is the gateway's.
   */
  readonly endpoint: "one" | "all";
}

/** A scenario takes a second or two. Milliseconds. */
const DEADLINE_MS = 15_000;

type Arguments = Record<string, unknown>;

const [encoded = "", scenarioUrl = ""] = process.argv.slice(2);
const task = JSON.parse(Buffer.from(encoded, "base64url").toString()) as ClientTask;
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"] ?? "";
const isModern = process.env["MCP_CONFORMANCE_PROTOCOL_VERSION"] === "2026-07-28";
const prefix = task.endpoint === "all" ? `${task.server}-` : "";

const ACTIONS: Readonly<Record<string, (client: Client) => Promise<void>>> = {
  initialize: list,
  tools_call: (client) => call(client, "add_numbers", { a: 5, b: 3 }),
  "request-metadata": list,
  "http-standard-headers": callEverything,
  "http-custom-headers": callAsTold,
  "http-invalid-tool-headers": callAllListed,
  "elicitation-sep1034-client-defaults": (client) => call(client, "test_client_elicitation_defaults", {}),
  "sep-2322-client-request-state": callInRounds,
  "sse-retry": (client) => call(client, "test_reconnection", {}),
  "json-schema-2020-12-preservation": echoSchema,
  "json-schema-ref-no-deref": list,
};

async function list(client: Client): Promise<void> {
  await client.listTools();
}

async function call(client: Client, name: string, args: Arguments): Promise<void> {
  await client.listTools();
  await client.callTool({ name: prefix + name, arguments: args });
}

async function callEverything(client: Client): Promise<void> {
  await call(client, "test_headers", {});
  await call(client, "my-hyphenated-tool", {});
  if (task.endpoint === "one") {
    const { resources } = await client.listResources();
    for (const { uri } of resources) {
      await client.readResource({ uri });
    }
    await client.listPrompts();
    await client.getPrompt({ name: "test_prompt" });
  }
}

async function callAsTold(client: Client): Promise<void> {
  const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as {
    toolCalls?: readonly { name: string; arguments: Arguments }[];
  };
  for (const { name, arguments: args } of context.toolCalls ?? []) {
    await call(client, name, args);
  }
}

async function callAllListed(client: Client): Promise<void> {
  for (const { name } of (await client.listTools()).tools) {
    await client.callTool({ name, arguments: { region: "us-west1" } });
  }
}

async function callInRounds(client: Client): Promise<void> {
  for (const name of ["echo_state", "no_state", "unrelated"]) {
    await call(client, `test_mrtr_${name}`, {});
  }
  // The SDK refuses a result without a type; what is judged is that nobody answers such a result with another round.
  await call(client, "test_mrtr_no_result_type", {}).catch(() => undefined);
}

async function echoSchema(client: Client): Promise<void> {
  const { tools } = await client.listTools();
  const schema = tools.find(({ name }) => name === `${prefix}json_schema_2020_12_tool`)?.inputSchema;
  await call(client, "json_schema_echo", { schema });
}

async function api<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await fetch(task.gateway + path, {
    method,
    headers: { authorization: `Bearer ${task.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as T;
}

/** @returns a virtual key that may use the scenario's server and no other */
async function registerScenario(): Promise<string> {
  // The runner says "localhost", which has two addresses; the gateway may dial one of them.
  const url = scenarioUrl.replace("//localhost:", "//127.0.0.1:");
  const { id } = await api<{ id: string }>("POST", "/api/v1/servers", { name: task.server, url, auth_type: "none" });
  const issued = await api<{ id: string; key: string }>("POST", "/api/v1/virtual-keys", { name: task.server });
  const grants = [{ auth_mode: "virtual_key", identity: issued.id }];
  await api("PUT", `/api/v1/servers/${id}/grants`, { grants });
  return issued.key;
}

async function connect(key: string): Promise<Client> {
  const speaksModern = isModern && task.endpoint === "one";
  const client = new Client(
    { name: "keyward-conformance-client", version: "1.0.0" },
    {
      capabilities: { elicitation: {} },
      versionNegotiation: { mode: speaksModern ? { pin: "2026-07-28" } : "legacy" },
    },
  );
  client.setRequestHandler("elicitation/create", ({ params }) => {
    const fields = "requestedSchema" in params ? Object.entries(params.requestedSchema.properties) : [];
    const content = Object.fromEntries(
      fields.map(([name, field]) => [name, ("default" in field ? field.default : undefined) ?? true]),
    );
    return { action: "accept", content };
  });
  const endpoint = new URL(task.endpoint === "all" ? "/mcp" : `/mcp/${task.server}`, task.gateway);
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(endpoint, { requestInit }));
  return client;
}

// The runner ends a client that hangs by ending the shell around it, which would leave this process behind.
setTimeout(() => {
  console.error(`The scenario ${scenario} was not through after ${DEADLINE_MS} ms.`);
  process.exit(1);
}, DEADLINE_MS).unref();

const act = ACTIONS[scenario];
if (act === undefined) {
  throw new Error(`There is nothing to do for the scenario ${scenario}`);
}
const client = await connect(await registerScenario());
await act(client);
await client.close();
console.log(CLIENT_DONE);
