import type { z } from "@hono/zod-openapi";
import type { JsonObject, JsonValue } from "../core/json.ts";
import type { VerifiedServer } from "../core/server-registry.ts";
import type { Discovered, Server } from "../core/server.ts";
import type { Reconciliation } from "../core/access-port.ts";
import type { Server as ServerSchema, VerifiedServer as VerifiedServerSchema } from "./contract/server-routes.ts";
import { showFormat } from "./field-format.ts";

type ServerShown = z.output<typeof ServerSchema>;

/** A server for an administrator. Static headers by name only. */
export function showServer(server: Server): ServerShown {
  const { probeTool, hasNegativeControl } = server.verification;
  return {
    id: server.id,
    name: server.name,
    url: server.url,
    url_origin: server.origin,
    transport: server.transport,
    auth_type: server.authType,
    // As it was written, so that what is read can be changed and sent back.
    header_schema: server.headerSchema.map((field) => ({
      name: field.displayName,
      label: field.label,
      help: field.help,
      help_url: field.helpUrl,
      secret: field.isSecret,
      required: field.isRequired,
      ...showFormat(field),
    })),
    schema_revision: server.schemaRevision,
    static_header_names: [...server.staticHeaderNames],
    allow_all_identities: server.allowAllIdentities,
    link_policy: server.linkPolicy,
    verification: {
      probe_tool: probeTool === null ? null : { name: probeTool.name, arguments: { ...probeTool.arguments } },
      negative_control: hasNegativeControl,
    },
    tools: server.tools === null ? null : [...server.tools],
    status: server.status,
    discovered: server.discovered === null ? null : showDiscovered(server.discovered),
    version: server.version,
    created_at: server.createdAt,
    updated_at: server.updatedAt,
  };
}

export function showVerified({ server, verification, steps }: VerifiedServer): z.output<typeof VerifiedServerSchema> {
  return { ...showServer(server), verified: verification, steps: [...steps] };
}

function showDiscovered(discovered: Discovered): NonNullable<ServerShown["discovered"]> {
  return {
    tools: discovered.tools.map((tool) => ({
      name: textOf(tool["name"]) ?? "",
      description: textOf(tool["description"]),
    })),
    era: discovered.era,
    protocol_version: discovered.protocolVersion,
    server_name: infoOf(discovered.serverInfo, "name"),
    server_version: infoOf(discovered.serverInfo, "version"),
    at: discovered.at,
  };
}

function infoOf(info: JsonObject | null, key: string): string | null {
  return textOf(info?.[key]);
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export function showReconciliation(change: Reconciliation): {
  orphaned: number;
  reactivated: number;
  needs_update: number;
} {
  return { orphaned: change.orphaned, reactivated: change.reactivated, needs_update: change.needsUpdate };
}
