import type { JsonObject } from "../../core/json.ts";
import type { Clock, Logger, Upstream } from "../../core/ports.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { ListKind } from "../../core/server.ts";
import type { Store } from "../../core/store-port.ts";
import type { Forward } from "../call/forward.ts";
import { createCatalog } from "../catalog.ts";
import type { Method, NamedMethod } from "../exchange.ts";
import { createListMethod } from "../list-method.ts";
import { createCall } from "./calls.ts";
import type { ListChanges } from "./list-changes.ts";
import { createLists } from "./lists.ts";
import { createOwnLists, type OwnLists } from "./own-lists.ts";
import { createRouting } from "./routing.ts";
import { createToolChanges } from "./tool-changes.ts";

export interface AggregateParts {
  readonly store: Pick<Store, "findAccess" | "listAccess" | "listAudit" | "appendAudit">;
  readonly resolver: Resolver;
  readonly upstream: Pick<Upstream, "list">;
  readonly forward: Forward;
  readonly listChanges: ListChanges;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keyward's own, told to clients. */
  readonly serverInfo: JsonObject;
}

/** What is behind `/mcp`: the lists of every server of the caller, and the way to each of them. */
export interface Aggregate {
  readonly methods: readonly NamedMethod[];
  /** What the server listed for an identity is asked for anew: the server says that it has changed. */
  readonly expire: OwnLists["expire"];
}

export function createAggregate(parts: AggregateParts): Aggregate {
  const { store, resolver, upstream, clock, logger, listChanges } = parts;
  const toolChanges = createToolChanges({ store, logger });
  const own = createOwnLists({
    upstream,
    clock,
    logger,
    changes: listChanges,
    sawTools: (server, tools) => toolChanges.saw(server, tools),
  });
  const lists = createLists({ store, resolver, own, catalog: createCatalog(logger) });
  const callParts = { ...parts, routing: createRouting({ store, lists }) };
  const list = (kind: ListKind): Method =>
    createListMethod(kind, ({ caller, client }, cursor) => lists.page(caller.identity, kind, client.era, cursor));
  const methods: readonly NamedMethod[] = [
    ["tools/list", list("tools")],
    ["tools/call", createCall("tools/call", callParts)],
    ["prompts/list", list("prompts")],
    ["prompts/get", createCall("prompts/get", callParts)],
    ["resources/list", list("resources")],
    ["resources/templates/list", list("resourceTemplates")],
    ["resources/read", createCall("resources/read", callParts)],
    ["completion/complete", createCall("completion/complete", callParts)],
  ];
  return { methods, expire: (identity, serverId) => own.expire(identity, serverId) };
}
