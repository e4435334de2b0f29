import type { ErrorCode } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Resolver } from "../../core/resolver.ts";
import type { ListKind, ProtocolEra, Server } from "../../core/server.ts";
import type { Access } from "../../core/access-port.ts";
import type { Store } from "../../core/store-port.ts";
import { type Catalog, findTool, isAllowed, type Listing } from "../catalog.ts";
import { type Entry, type ListPage, pageOf } from "../page.ts";
import { exposeUri } from "./exposed-uri.ts";
import type { OwnLists } from "./own-lists.ts";

/** A tool as its caller is listed it; `undefined` when nothing is known of the server's tools yet. */
export type FoundTool =
  | { readonly kind: "known"; readonly definition: JsonObject | undefined }
  /** There is none, or the caller may not use it. */
  | { readonly kind: "unknown" }
  /** The store or the keys cannot be asked. */
  | { readonly kind: "unavailable"; readonly code: ErrorCode };

/** The lists of `/mcp`: those of every server that an identity may use, put together. */
export interface Lists {
  /**
   * Order: by server name, then by name or URI. With a usable credential an identity sees its own lists, otherwise the
   * catalogue of the last verification. Servers are asked in parallel, and none delays or breaks the rest.
   * @returns null when the cursor is not valid any more; see `pageOf`
   * @throws KeywardError `credential_store_unavailable`
   */
  page(identity: Identity, kind: ListKind, era: ProtocolEra, cursor: string | null): Promise<ListPage | null>;
  /**
   * What is not listed is not callable: a tool has to be in the catalogue or in the identity's own list, and in the
   * allow lists of server and grant in any case.
   */
  findTool(identity: Identity, access: Access, toolName: string): Promise<FoundTool>;
}

export function createLists(parts: {
  readonly store: Pick<Store, "listAccess">;
  readonly resolver: Resolver;
  readonly own: OwnLists;
  readonly catalog: Catalog;
}): Lists {
  const { store, resolver, own, catalog } = parts;

  async function listingOf(identity: Identity, access: Access, kind: ListKind): Promise<Listing> {
    const { server } = access;
    if (!mayHave(server, kind)) {
      return { access, items: [] };
    }
    const resolution = await resolver.resolve(identity, server);
    const items =
      resolution.kind === "ready"
        ? await own.list(identity, server, resolution.headers, kind)
        : (server.discovered?.[kind] ?? []);
    return { access, items };
  }

  return {
    async page(identity, kind, era, cursor) {
      const accesses = await store.listAccess(identity);
      const listings = await Promise.all(accesses.map((access) => listingOf(identity, access, kind)));
      return kind === "tools"
        ? catalog.page(listings, "all", era, cursor)
        : pageOf(
            listings.flatMap((listing) => exposed(listing, kind)),
            cursor,
          );
    },

    async findTool(identity, access, toolName) {
      const { server } = access;
      if (!isAllowed(access, toolName)) {
        return { kind: "unknown" };
      }
      const isIt = ({ name }: JsonObject): boolean => name === toolName;
      const definition = own.peek(identity, server, "tools")?.find(isIt) ?? findTool(access, toolName);
      if (definition !== null) {
        return { kind: "known", definition };
      }
      const resolution = await resolver.resolve(identity, server);
      if (resolution.kind !== "ready") {
        return resolution.kind === "unavailable" ? resolution : { kind: "unknown" };
      }
      const listed = (await own.list(identity, server, resolution.headers, "tools")).find(isIt);
      return listed === undefined ? { kind: "unknown" } : { kind: "known", definition: listed };
    },
  };
}

const CAPABILITY: Readonly<Record<Exclude<ListKind, "tools">, string>> = {
  prompts: "prompts",
  resources: "resources",
  resourceTemplates: "resources",
};

/** A server that declares nothing at all was verified before that was noted: it is asked. */
function mayHave({ discovered }: Server, kind: ListKind): boolean {
  const capabilities = discovered?.capabilities ?? {};
  return kind === "tools" || Object.keys(capabilities).length === 0 || CAPABILITY[kind] in capabilities;
}

function exposed({ access, items }: Listing, kind: Exclude<ListKind, "tools">): Entry[] {
  const { name: serverName } = access.server;
  const member = NAMED_BY[kind];
  return items.flatMap((item) => {
    const name = item[member];
    if (typeof name !== "string") {
      return [];
    }
    const key = kind === "prompts" ? `${serverName}-${name}` : exposeUri(serverName, name);
    return [{ key, item: { ...item, [member]: key } }];
  });
}

const NAMED_BY: Readonly<Record<Exclude<ListKind, "tools">, string>> = {
  prompts: "name",
  resources: "uri",
  resourceTemplates: "uriTemplate",
};
