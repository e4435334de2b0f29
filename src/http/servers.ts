import type { z } from "@hono/zod-openapi";
import { KeywardError } from "../core/errors.ts";
import type { HeaderFieldInput } from "../core/header-schema.ts";
import type { ServerInput, ServerPatch, ServerRegistry } from "../core/server-registry.ts";
import type { VerificationPolicy } from "../core/server.ts";
import type { ServerStore } from "../core/server-port.ts";
import { requesterOf } from "./context.ts";
import { serverRoutes, type NewServer, type ServerPatch as ServerPatchSchema } from "./contract/server-routes.ts";
import { defined, pageRequestOf } from "./filters.ts";
import type { Mount } from "./mount.ts";
import { intentOf, showPreview } from "./preview.ts";
import { showReconciliation, showServer, showVerified } from "./server-view.ts";

interface ServerParts {
  readonly store: Pick<ServerStore, "findServer" | "findServerByName" | "listServers">;
  readonly registry: ServerRegistry;
}

export function mountServers(mount: Mount, parts: ServerParts): void {
  const { store, registry } = parts;

  mount(serverRoutes.list, async (c) => {
    const { name, ...query } = c.req.valid("query");
    if (name !== undefined) {
      const found = await store.findServerByName(name);
      return c.json({ items: found === null ? [] : [showServer(found)], next_cursor: null }, 200);
    }
    const page = await store.listServers(pageRequestOf(query));
    return c.json({ items: page.items.map(showServer), next_cursor: page.nextCursor }, 200);
  });

  mount(serverRoutes.create, async (c) => {
    return c.json(showVerified(await registry.create(toInput(c.req.valid("json")), requesterOf(c))), 201);
  });

  mount(serverRoutes.get, async (c) => {
    const server = await store.findServer(c.req.valid("param").id);
    if (server === null) {
      throw new KeywardError("server_not_found");
    }
    return c.json(showServer(server), 200);
  });

  mount(serverRoutes.update, async (c) => {
    const { id } = c.req.valid("param");
    const intent = intentOf(c.req.valid("query"));
    const patch = toPatch(c.req.valid("json"));
    const { server, reconciliation } = await registry.update(id, patch, requesterOf(c), intent);
    return intent === "preview"
      ? c.json(showPreview(reconciliation), 200)
      : c.json({ ...showServer(server), ...showReconciliation(reconciliation) }, 200);
  });

  mount(serverRoutes.remove, async (c) => {
    const intent = intentOf(c.req.valid("query"));
    const change = await registry.remove(c.req.valid("param").id, requesterOf(c), intent);
    return intent === "preview" ? c.json(showPreview(change), 200) : c.body(null, 204);
  });

  mount(serverRoutes.verify, async (c) => {
    const sample = c.req.valid("json").sample_headers ?? {};
    return c.json(showVerified(await registry.verify(c.req.valid("param").id, sample, requesterOf(c))), 200);
  });
}

function toInput(body: z.output<typeof NewServer>): ServerInput {
  return {
    name: body.name,
    url: body.url,
    authType: body.auth_type,
    headerSchema: body.header_schema.map(toField),
    staticHeaders: body.static_headers ?? {},
    allowAllIdentities: body.allow_all_identities,
    linkPolicy: body.link_policy,
    verification: toPolicy(body.verification ?? { probe_tool: null, negative_control: true }),
    tools: body.tools,
    sampleHeaders: body.sample_headers ?? null,
  };
}

function toPatch(body: z.output<typeof ServerPatchSchema>): ServerPatch {
  return defined({
    name: body.name,
    url: body.url,
    headerSchema: body.header_schema?.map(toField),
    staticHeaders: body.static_headers,
    allowAllIdentities: body.allow_all_identities,
    linkPolicy: body.link_policy,
    verification: body.verification && toPolicy(body.verification),
    tools: body.tools,
    isEnabled: body.enabled,
  });
}

function toPolicy(policy: NonNullable<z.output<typeof NewServer>["verification"]>): VerificationPolicy {
  return { probeTool: policy.probe_tool, hasNegativeControl: policy.negative_control };
}

function toField(field: z.output<typeof NewServer>["header_schema"][number]): HeaderFieldInput {
  return {
    name: field.name,
    label: field.label,
    help: field.help,
    helpUrl: field.help_url,
    isSecret: field.secret,
    isRequired: field.required,
    pattern: field.pattern,
    patternHint: field.pattern_hint,
    choices: field.choices,
    template: field.template,
  };
}
