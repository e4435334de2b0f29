import type { Schemas } from "../client/api-types.ts";
import { cell, counted, factsList, when } from "./text.ts";

type Server = Schemas["Server"];
type VerifiedServer = Schemas["VerifiedServer"];

const STRENGTH = {
  proven: "proven: the sample was accepted and a wrong value was refused",
  accepted: "accepted: the server took the sample, but may take any value",
} as const;

/** Names of the declared headers, as the administrator wrote them. */
export function headerNames(server: Server): readonly string[] {
  return server.header_schema.map(({ name }) => name);
}

export function toolNames(server: Server): readonly string[] {
  return (server.discovered?.tools ?? []).map(({ name }) => name);
}

export function describeServer(server: Server): string {
  const headers = server.header_schema.map(({ name, required }) => (required ? name : `${name} (optional)`));
  const facts: (readonly [string, string])[] = [
    ["name", server.name],
    ["id", server.id],
    ["status", server.status],
    ["url", server.url],
    ["auth", server.auth_type],
    ["per person", headers.join(", ") || "-"],
    ["static headers", server.static_header_names.join(", ") || "-"],
    ["who may use it", server.allow_all_identities ? "everyone" : "those with a grant"],
    ["link policy", server.link_policy],
    ["tools", toolNames(server).join(", ") || "none discovered yet"],
    ["allowed tools", server.tools?.join(", ") ?? "all"],
    ["verified", when(server.discovered?.at ?? null)],
    ["updated", when(server.updated_at)],
  ];
  return factsList(facts.map(([name, value]) => [name, cell(value)]));
}

/** The answer to `POST /servers` and `/servers/{id}/verify`. */
export function describeVerified(server: VerifiedServer): string {
  const tools = toolNames(server);
  const lines = [
    `${server.name} is ${server.status} (${server.id}).`,
    server.verified === null ? "Not verified: there was no sample." : `Verified, ${STRENGTH[server.verified]}.`,
    ...(tools.length === 0 ? [] : [`${counted(tools.length, "tool")}: ${tools.join(", ")}`]),
  ];
  return lines.map((line) => `${cell(line)}\n`).join("");
}

export function nextAfterAdd(server: Server, called: string): string {
  const name = cell(server.name);
  if (server.status === "pending_verification") {
    return `Next: ${called} servers verify ${name}   (it cannot be used before it is verified)`;
  }
  return server.allow_all_identities
    ? `Next: ${called} keys create <name>`
    : `Next: ${called} keys create <name>, then ${called} servers grant ${name} <name>`;
}
