import type { AuditStore, Store } from "../../core/store-port.ts";
import type { Clock, Upstream } from "../../core/ports.ts";
import type { ListKind } from "../../core/server.ts";
import type { CallParts } from "../call.ts";
import { createCatalog } from "../catalog.ts";
import { createListMethod } from "../list-method.ts";
import type { Method, NamedMethod } from "../method.ts";
import type { ListChanges } from "./list-changes.ts";
import { createLists } from "./lists.ts";
import { createOwnLists, type OwnLists } from "./own-lists.ts";
import { createServerRequest } from "./requests.ts";
import { createRouting, type Routing } from "./routing.ts";
import { createToolChanges } from "./tool-changes.ts";

export interface AggregateParts extends Omit<CallParts, "routing" | "upstream"> {
  readonly store: CallParts["store"] & Pick<Store, "findAccess" | "listAccess"> & AuditStore;
  readonly upstream: CallParts["upstream"] & Pick<Upstream, "list">;
  readonly clock: Clock;
  readonly listChanges: ListChanges;
}

/** What is behind `/mcp`: every server of its caller. */
export interface Aggregate {
  readonly routing: Routing;
  /** All but `tools/call`. */
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
  const routing = createRouting({ store, lists });
  const requestParts = { ...parts, routing };
  const list = (kind: ListKind): Method =>
    createListMethod(kind, ({ caller, client }, cursor) => lists.page(caller.identity, kind, client.era, cursor));
  return {
    routing,
    expire: (identity, serverId) => own.expire(identity, serverId),
    methods: [
      ["tools/list", list("tools")],
      ["prompts/list", list("prompts")],
      ["prompts/get", createServerRequest("prompts/get", requestParts)],
      ["resources/list", list("resources")],
      ["resources/templates/list", list("resourceTemplates")],
      ["resources/read", createServerRequest("resources/read", requestParts)],
      ["completion/complete", createServerRequest("completion/complete", requestParts)],
    ],
  };
}
