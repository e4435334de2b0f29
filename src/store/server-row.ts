import type { HeaderField, HeaderSchema } from "../core/header-schema.ts";
import type { Discovered, Server, VerificationPolicy } from "../core/server.ts";
import type { ServerChange } from "../core/server-port.ts";
import { fromBit, fromJson, fromJsonOrNull, toBit, toJsonOrNull } from "./columns.ts";
import type { ServersTable } from "./tables.ts";

export function toServer(row: ServersTable): Server {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    origin: row.origin as Server["origin"],
    transport: row.transport as Server["transport"],
    authType: row.auth_type as Server["authType"],
    headerSchema: toHeaderSchema(row.header_schema),
    schemaRevision: row.schema_revision,
    staticHeaderNames: fromJson(row.static_header_names) as readonly string[],
    staticHeaders:
      row.static_headers === null || row.static_headers_key_id === null
        ? null
        : { keyId: row.static_headers_key_id, envelope: row.static_headers },
    allowAllIdentities: fromBit(row.allow_all_identities),
    linkPolicy: row.link_policy as Server["linkPolicy"],
    verification: fromJson(row.verification) as VerificationPolicy,
    tools: fromJsonOrNull(row.tools) as readonly string[] | null,
    status: row.status as Server["status"],
    discovered: toDiscovered(fromJsonOrNull(row.discovered) as Partial<Discovered> | null),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** A row of before prompts and resources were discovered has none, until the server is verified again. */
function toDiscovered(stored: Partial<Discovered> | null): Discovered | null {
  const later = { prompts: [], resources: [], resourceTemplates: [], capabilities: {} };
  return stored === null ? null : ({ ...later, ...stored } as Discovered);
}

const MAX_DECODED = 1_000;

/**
 * Decodes the JSON of a server once for each of its versions: with many tools that takes longer than reading the row. The
 * row is read anew each time, so nothing is ever out of date; only what a version says can never change.
 */
export class ServerDecoder {
  readonly #decoded = new Map<string, Server>();

  decode(row: ServersTable): Server {
    const known = this.#decoded.get(row.id);
    // Static headers that were re-sealed under another key are the same version.
    if (known?.version === row.version && (known.staticHeaders?.keyId ?? null) === row.static_headers_key_id) {
      return known;
    }
    const server = toServer(row);
    this.#decoded.set(row.id, server);
    if (this.#decoded.size > MAX_DECODED) {
      const [oldest] = this.#decoded.keys();
      this.#decoded.delete(oldest ?? "");
    }
    return server;
  }
}

type ChangeableColumns = Omit<
  ServersTable,
  "id" | "transport" | "auth_type" | "schema_revision" | "form_revision" | "version" | "created_at" | "updated_at"
>;

/** The columns of whatever a change names; nothing for what it leaves as it is. */
export function fromServerChange(change: ServerChange): Partial<ChangeableColumns> {
  const columns: Partial<ChangeableColumns> = {};
  if (change.name !== undefined) {
    columns.name = change.name;
  }
  if (change.url !== undefined) {
    columns.url = change.url;
  }
  if (change.origin !== undefined) {
    columns.origin = change.origin;
  }
  if (change.headerSchema !== undefined) {
    columns.header_schema = fromHeaderSchema(change.headerSchema);
  }
  if (change.staticHeaderNames !== undefined) {
    columns.static_header_names = JSON.stringify(change.staticHeaderNames);
  }
  if (change.staticHeaders !== undefined) {
    columns.static_headers = change.staticHeaders?.envelope ?? null;
    columns.static_headers_key_id = change.staticHeaders?.keyId ?? null;
  }
  if (change.allowAllIdentities !== undefined) {
    columns.allow_all_identities = toBit(change.allowAllIdentities);
  }
  if (change.linkPolicy !== undefined) {
    columns.link_policy = change.linkPolicy;
  }
  if (change.verification !== undefined) {
    columns.verification = JSON.stringify(change.verification);
  }
  if (change.tools !== undefined) {
    columns.tools = toJsonOrNull(change.tools);
  }
  if (change.status !== undefined) {
    columns.status = change.status;
  }
  if (change.discovered !== undefined) {
    columns.discovered = toJsonOrNull(change.discovered);
  }
  return columns;
}

const NO_FORMAT = { pattern: null, patternHint: null, choices: null, template: null, formatSince: null };

/** What says nothing is not written: the text of a field without a format is what it was before fields had any. */
export function toHeaderSchema(text: string): HeaderSchema {
  return (fromJson(text) as HeaderSchema).map((field) => ({ ...NO_FORMAT, ...field }));
}

/** One text for one schema, however its objects were built: a difference of texts is a change of schema. */
export function fromHeaderSchema(schema: HeaderSchema): string {
  return JSON.stringify(
    schema.map((field) => ({
      name: field.name,
      displayName: field.displayName,
      label: field.label,
      help: field.help,
      helpUrl: field.helpUrl,
      isSecret: field.isSecret,
      isRequired: field.isRequired,
      ...withoutNulls({
        pattern: field.pattern,
        patternHint: field.patternHint,
        choices: field.choices,
        template: field.template,
        formatSince: field.formatSince,
      }),
    })),
  );
}

function withoutNulls(format: { readonly [K in keyof typeof NO_FORMAT]: HeaderField[K] }): object {
  return Object.fromEntries(Object.entries(format).filter(([, value]) => value !== null));
}
