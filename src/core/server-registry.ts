import type { Requester } from "./access.ts";
import { entryOf } from "./audit.ts";
import { callsGoOn } from "./calls-go-on.ts";
import type { ClientConnections } from "./client-connections.ts";
import { KeywardError } from "./errors.ts";
import { parseHeaderName, type HeaderName } from "./header-name.ts";
import {
  parseHeaderSchema,
  plainNames,
  templatesOf,
  type HeaderFieldInput,
  type HeaderSchema,
} from "./header-schema.ts";
import { mergeHeaderValues, parseHeaderValue, type HeaderValues } from "./header-values.ts";
import type { Intent } from "./people-port.ts";
import type { CallHeaders, Random, Sealed, Upstream, Vault } from "./ports.ts";
import type { ListChangeSink } from "./list-change.ts";
import { datedFormats } from "./schema-change.ts";
import { openStaticHeaders, sealStaticHeaders } from "./seal-context.ts";
import type { Secret } from "./secret.ts";
import {
  originOf,
  parseServerName,
  parseUpstreamUrl,
  type AuthType,
  type Discovered,
  type LinkPolicy,
  type Server,
  type UpstreamOrigin,
  type VerificationPolicy,
} from "./server.ts";
import type { VerificationStrength } from "./credential.ts";
import type { Reconciliation } from "./access-port.ts";
import type { ServerChange, ServerStore } from "./server-port.ts";
import { mintId } from "./token.ts";
import { stepWords, type VerifiedStep } from "./verification.ts";

/** Header name to value, as parsed from JSON. */
type TypedHeaders = Readonly<Record<string, unknown>>;

export interface ServerInput {
  readonly name: string;
  readonly url: string;
  readonly authType: AuthType;
  readonly headerSchema: readonly HeaderFieldInput[];
  readonly staticHeaders: TypedHeaders;
  readonly allowAllIdentities: boolean;
  readonly linkPolicy: LinkPolicy;
  readonly verification: VerificationPolicy;
  readonly tools: readonly string[] | null;
  /** Values for one verification; never stored. Without them a per-user server waits in `pending_verification`. */
  readonly sampleHeaders: TypedHeaders | null;
}

export interface ServerPatch {
  readonly name?: string;
  readonly url?: string;
  readonly headerSchema?: readonly HeaderFieldInput[];
  readonly staticHeaders?: TypedHeaders;
  readonly allowAllIdentities?: boolean;
  readonly linkPolicy?: LinkPolicy;
  readonly verification?: VerificationPolicy;
  readonly tools?: readonly string[] | null;
  readonly isEnabled?: boolean;
}

export interface VerifiedServer {
  readonly server: Server;
  /** null = not verified, because there was no sample. */
  readonly verification: VerificationStrength | null;
  /** What was done and what it showed; empty when there was no sample. */
  readonly steps: readonly VerifiedStep[];
}

/** Registers, edits and verifies upstream servers. Only administrators get here: nobody else makes Keyward dial. */
export interface ServerRegistry {
  /**
   * Verifies with the sample, discovers the tools and stores the server. Nothing is kept when the verification fails.
   * @throws KeywardError `invalid_server_name`, `upstream_url_invalid`, `upstream_not_allowed`, `invalid_header_*`,
   *   `missing_header_values`, `invalid_request`, `upstream_rejected`, `upstream_*`, `name_taken`
   */
  create(input: ServerInput, by: Requester): Promise<VerifiedServer>;
  /** @throws KeywardError as `create`, and `server_not_found`, `stale_update` */
  update(
    id: string,
    patch: ServerPatch,
    by: Requester,
    intent?: Intent,
  ): Promise<{ readonly server: Server; readonly reconciliation: Reconciliation }>;
  /** Verifies again, with new sample values, and takes over what it discovers. */
  verify(id: string, sampleHeaders: TypedHeaders, by: Requester): Promise<VerifiedServer>;
  /** @throws KeywardError `server_not_found` */
  remove(id: string, by: Requester, intent?: Intent): Promise<Reconciliation>;
}

export function createServerRegistry(parts: {
  readonly store: ServerStore;
  readonly vault: Vault;
  readonly upstream: Pick<Upstream, "verify" | "assertAllowed" | "forgetServer">;
  readonly random: Random;
  readonly listChanges: ListChangeSink;
  /** Absent = nobody is connected. */
  readonly connections?: Pick<ClientConnections, "review">;
}): ServerRegistry {
  const { store, vault, upstream, random, listChanges, connections } = parts;

  /** Tells whoever listens that a server is not what it was. Whoever may not use it any more holds nothing open. */
  function tellChange(id: string): void {
    connections?.review();
    listChanges.changed({ serverId: id });
  }

  async function find(id: string): Promise<Server> {
    const server = await store.findServer(id);
    if (server === null) {
      throw new KeywardError("server_not_found");
    }
    return server;
  }

  async function parseUrl(text: string): Promise<{ url: string; origin: UpstreamOrigin }> {
    const url = parseUpstreamUrl(text);
    await upstream.assertAllowed(url);
    return { url: url.href, origin: originOf(url) };
  }

  async function judge(
    server: Server,
    values: Pick<CallHeaders, "staticHeaders" | "userHeaders">,
  ): Promise<{ discovered: Discovered; strength: VerificationStrength; steps: readonly VerifiedStep[] }> {
    const outcome = await upstream.verify(server, {
      ...values,
      origin: server.origin,
      plainNames: plainNames(server.headerSchema),
      templates: templatesOf(server.headerSchema),
      identity: null,
      credential: null,
    });
    const steps = stepWords(outcome.steps);
    switch (outcome.kind) {
      case "accepted":
        return outcome;
      case "rejected":
        throw new KeywardError("upstream_rejected", { details: { step: outcome.step, steps } });
      case "unknown":
        throw new KeywardError(outcome.code, { details: { steps } });
    }
  }

  function sampleFor(schema: HeaderSchema, sample: TypedHeaders | null): HeaderValues | null {
    return schema.length === 0 ? new Map() : sample === null ? null : mergeHeaderValues(schema, sample, new Map());
  }

  return {
    async create(input, by) {
      const id = mintId("srv", random);
      // What can be judged without asking DNS comes first: a bad name must not be told as an address that is away.
      const name = parseServerName(input.name);
      const headerSchema = parseSchemaFor(input.authType, input.headerSchema);
      const staticHeaders = parseStaticHeaders(input.staticHeaders, headerSchema);
      const { url, origin } = await parseUrl(input.url);
      const draft = {
        id,
        name,
        url,
        origin,
        transport: "streamable_http",
        authType: input.authType,
        headerSchema,
        staticHeaderNames: [...staticHeaders.keys()],
        staticHeaders: sealedOrNull(vault, staticHeaders, id, origin),
        allowAllIdentities: input.allowAllIdentities,
        linkPolicy: input.linkPolicy,
        verification: input.verification,
        tools: input.tools,
        status: "pending_verification",
        discovered: null,
      } as const;
      const sample = sampleFor(headerSchema, input.sampleHeaders);
      const verified =
        sample === null
          ? null
          : await judge(
              { ...draft, schemaRevision: 1, version: 1, createdAt: 0, updatedAt: 0 },
              { staticHeaders, userHeaders: sample },
            );
      const server = await store.createServer(
        verified === null ? draft : { ...draft, status: "ready", discovered: verified.discovered },
        {
          ...by.origin,
          actor: by.actor,
          action: "server.created",
          outcome: "ok",
          serverId: id,
          detail: { name: draft.name, ...(verified === null ? {} : { verification: verified.strength }) },
        },
      );
      listChanges.changed({ serverId: id });
      return { server, verification: verified?.strength ?? null, steps: verified?.steps ?? [] };
    },

    async update(id, patch, by, intent) {
      const server = await find(id);
      const change = await changeOf(server, patch, vault, parseUrl);
      const entry = { ...entryOf(by, "server.updated"), serverId: id, detail: { changed: Object.keys(patch) } };
      const updated = await store.updateServer(id, server.version, change, entry, intent);
      if (intent !== "preview") {
        if (!callsGoOn(server, change, updated.server, updated.reconciliation)) {
          upstream.forgetServer(id);
        }
        tellChange(id);
      }
      return updated;
    },

    async verify(id, sampleHeaders, by) {
      const server = await find(id);
      const userHeaders = sampleFor(server.headerSchema, sampleHeaders) ?? new Map();
      const staticHeaders = await openStaticHeaders(vault, server);
      const { discovered, strength, steps } = await judge(server, { staticHeaders, userHeaders });
      const status = server.status === "pending_verification" ? "ready" : server.status;
      const updated = await store.updateServer(
        id,
        server.version,
        { discovered, status },
        {
          ...by.origin,
          actor: by.actor,
          action: "server.verified",
          outcome: "ok",
          serverId: id,
          detail: { verification: strength },
        },
      );
      listChanges.changed({ serverId: id });
      return { server: updated.server, verification: strength, steps };
    },

    async remove(id, by, intent) {
      const reconciliation = await store.deleteServer(id, { ...entryOf(by, "server.deleted"), serverId: id }, intent);
      if (reconciliation === null) {
        throw new KeywardError("server_not_found");
      }
      if (intent !== "preview") {
        upstream.forgetServer(id);
        tellChange(id);
      }
      return reconciliation;
    },
  };
}

function parseSchemaFor(authType: AuthType, fields: readonly HeaderFieldInput[]): HeaderSchema {
  if (authType === "per_user_headers") {
    return parseHeaderSchema(fields);
  }
  if (fields.length > 0) {
    throw new KeywardError("invalid_request", {
      message: "Header fields are declared with auth type per_user_headers.",
    });
  }
  return [];
}

function parseStaticHeaders(typed: TypedHeaders, schema: HeaderSchema): HeaderValues {
  const values = new Map<HeaderName, Secret<string>>();
  for (const [text, value] of Object.entries(typed)) {
    const name = parseHeaderName(text);
    // Two sources of one header would reach the wire as "a, b", or as whichever came last.
    if (values.has(name) || schema.some((field) => field.name === name)) {
      throw new KeywardError("invalid_header_name", { message: `The header ${name} has two sources.` });
    }
    values.set(name, parseHeaderValue(name, value));
  }
  return values;
}

function sealedOrNull(vault: Vault, values: HeaderValues, serverId: string, origin: UpstreamOrigin): Sealed | null {
  return values.size === 0 ? null : sealStaticHeaders(vault, values, serverId, origin);
}

async function changeOf(
  server: Server,
  patch: ServerPatch,
  vault: Vault,
  parseUrl: (text: string) => Promise<{ url: string; origin: UpstreamOrigin }>,
): Promise<ServerChange> {
  const place = patch.url === undefined ? { url: server.url, origin: server.origin } : await parseUrl(patch.url);
  const schema =
    patch.headerSchema === undefined
      ? server.headerSchema
      : datedFormats(
          server.headerSchema,
          parseSchemaFor(server.authType, patch.headerSchema),
          server.schemaRevision + 1,
        );
  const { name, url, headerSchema, staticHeaders, isEnabled, ...asIs } = patch;
  return {
    ...asIs,
    ...(name === undefined ? {} : { name: parseServerName(name) }),
    ...(url === undefined ? {} : place),
    ...(headerSchema === undefined ? {} : { headerSchema: schema }),
    ...staticChange(server, staticHeaders, schema, place.origin, vault),
    ...statusChange(server, isEnabled),
  };
}

function staticChange(
  server: Server,
  typed: TypedHeaders | undefined,
  schema: HeaderSchema,
  origin: UpstreamOrigin,
  vault: Vault,
): ServerChange {
  if (typed !== undefined) {
    const values = parseStaticHeaders(typed, schema);
    return { staticHeaderNames: [...values.keys()], staticHeaders: sealedOrNull(vault, values, server.id, origin) };
  }
  if (server.staticHeaders !== null && origin !== server.origin) {
    // A stored value never goes to a place that it was not given for.
    throw new KeywardError("invalid_request", {
      message: "Give the static headers again: the server's origin changes.",
    });
  }
  const collision = schema.find((field) => server.staticHeaderNames.includes(field.name));
  if (collision !== undefined) {
    throw new KeywardError("invalid_header_name", { message: `The header ${collision.name} has two sources.` });
  }
  return {};
}

function statusChange(server: Server, isEnabled: boolean | undefined): ServerChange {
  if (isEnabled === undefined) {
    return {};
  }
  return { status: !isEnabled ? "disabled" : server.discovered === null ? "pending_verification" : "ready" };
}
