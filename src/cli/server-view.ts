import type { JsonObject } from "../core/json.ts";
import { flagAt, namesAt, numberAt, objectsAt, textAt } from "./json-answer.ts";
import { cell, counted, factsList, when } from "./text.ts";

const STRENGTH: Readonly<Record<string, string>> = {
  proven: "proven: the sample was accepted and a wrong value was refused",
  accepted: "accepted: the server took the sample, but may take any value",
};

const STEP: Readonly<Record<string, string>> = {
  connect: "connect",
  list_tools: "list tools",
  probe_tool: "call the probe tool",
  negative_control: "try a wrong value",
};

const PROOF: Readonly<Record<string, string>> = {
  speaks_mcp: "it speaks MCP",
  tools_known: "its tools are known",
  tool_works: "a tool works with the sample",
  wrong_values_refused: "it was refused",
  any_value_passes: "it was accepted: any value passes",
  values_refused: "the sample was refused",
  nothing: "",
};

/** Names of the declared headers, as the administrator wrote them. */
export function headerNames(server: JsonObject): readonly string[] {
  return objectsAt(server, "header_schema").map((field) => textAt(field, "name"));
}

export function toolNames(server: JsonObject): readonly string[] {
  return objectsAt(server, "discovered", "tools").map((tool) => textAt(tool, "name"));
}

export function describeServer(server: JsonObject): string {
  const headers = objectsAt(server, "header_schema").map(describeField);
  const facts: (readonly [string, string])[] = [
    ["name", textAt(server, "name")],
    ["id", textAt(server, "id")],
    ["status", textAt(server, "status")],
    ["url", textAt(server, "url")],
    ["auth", textAt(server, "auth_type")],
    ["per person", headers.join(", ") || "-"],
    ["static headers", (namesAt(server, "static_header_names") ?? []).join(", ") || "-"],
    ["who may use it", flagAt(server, "allow_all_identities") ? "everyone" : "those with a grant"],
    ["link policy", textAt(server, "link_policy")],
    ["tools", toolNames(server).join(", ") || "none discovered yet"],
    ["allowed tools", namesAt(server, "tools")?.join(", ") ?? "all"],
    ["verified", when(numberAt(server, "discovered", "at"))],
    ["updated", when(numberAt(server, "updated_at"))],
  ];
  return factsList(facts.map(([name, value]) => [name, cell(value)]));
}

function describeField(field: JsonObject): string {
  const choices = namesAt(field, "choices");
  const notes = [
    flagAt(field, "required") ? "" : "optional",
    choices === null ? "" : `one of ${choices.join(" | ")}`,
    textAt(field, "template") === "" ? "" : `as "${textAt(field, "template")}"`,
    textAt(field, "pattern") === "" ? "" : `matching ${textAt(field, "pattern")}`,
  ].filter((note) => note !== "");
  return notes.length === 0 ? textAt(field, "name") : `${textAt(field, "name")} (${notes.join(", ")})`;
}

/** The answer to `POST /servers` and `/servers/{id}/verify`. */
export function describeVerified(server: JsonObject): string {
  const strength = STRENGTH[strengthIn(server)];
  const tools = toolNames(server);
  const lines = [
    `${textAt(server, "name")} is ${textAt(server, "status")} (${textAt(server, "id")}).`,
    strength === undefined ? "Not verified: there was no sample." : `Verified, ${strength}.`,
    ...objectsAt(server, "steps").map(describeStep),
    ...(tools.length === 0 ? [] : [`${counted(tools.length, "tool")}: ${tools.join(", ")}`]),
  ];
  return lines.map((line) => `${cell(line)}\n`).join("");
}

function describeStep(made: JsonObject): string {
  const [step, outcome, proves] = [textAt(made, "step"), textAt(made, "outcome"), textAt(made, "proves")];
  return `- ${(STEP[step] ?? step).padEnd(20)} ${outcome.padEnd(8)} ${PROOF[proves] ?? proves}`.trimEnd();
}

/** `proven`, `accepted`, or empty when nothing was verified. */
export function strengthIn(answer: JsonObject): string {
  return textAt(answer, "verified");
}

export function nextAfterAdd(server: JsonObject, called: string): string {
  const name = cell(textAt(server, "name"));
  if (textAt(server, "status") === "pending_verification") {
    return `Next: ${called} servers verify ${name}   (it cannot be used before it is verified)`;
  }
  return flagAt(server, "allow_all_identities")
    ? `Next: ${called} keys create <name>`
    : `Next: ${called} keys create <name>, then ${called} servers grant ${name} <name>`;
}
