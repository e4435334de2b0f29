import type { AuthRequiredIssuer } from "../core/auth-required.ts";
import type { Completions } from "../core/completions.ts";
import type { Identity } from "../core/identity.ts";
import type { JsonObject } from "../core/json.ts";
import type { Clock, Logger, Upstream, Vault } from "../core/ports.ts";
import type { Rejections } from "../core/rejection.ts";
import type { Resolver } from "../core/resolver.ts";
import type { ProtocolEra } from "../core/server.ts";
import type { Store } from "../core/store-port.ts";
import { createAggregate } from "./all/methods.ts";
import type { ListChanges } from "./all/list-changes.ts";
import { createElicitations } from "./auth-required/elicitations.ts";
import { createLadder } from "./auth-required/ladder.ts";
import { createPendingAsks } from "./auth-required/pending-asks.ts";
import { createRequestStates } from "./auth-required/request-state.ts";
import { createForward } from "./call/forward.ts";
import type { Method, NamedMethod, Scope } from "./exchange.ts";
import { errorOf, INVALID_PARAMS, METHOD_NOT_FOUND, resultOf } from "./jsonrpc.ts";
import { CACHE } from "./list-method.ts";
import { legacyVersionFor, MODERN_VERSION } from "./negotiate.ts";
import { createTransparent } from "./one/transparent.ts";
import type { Sessions } from "./session/sessions.ts";
import type { Streams } from "./stream/streams.ts";
import { serveSubscription } from "./stream/subscription.ts";

export interface MethodParts {
  readonly store: Pick<
    Store,
    "findAccess" | "listAccess" | "touchCredential" | "noteTold" | "listAudit" | "appendAudit"
  >;
  readonly resolver: Resolver;
  readonly issuer: AuthRequiredIssuer;
  readonly upstream: Pick<Upstream, "list" | "greet" | "exchange">;
  readonly rejections: Rejections;
  readonly completions: Completions;
  readonly listChanges: ListChanges;
  readonly sessions: Sessions;
  /** Listens to the caller's servers. @returns ends it */
  readonly watch: (identity: Identity) => () => void;
  readonly streams: Pick<Streams, "stand">;
  /** Aborts when the process is about to stop. */
  readonly closing: AbortSignal;
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Base of every link. Never derived from a request. */
  readonly publicUrl: string;
  /** Keyward's own, told to clients. */
  readonly serverInfo: JsonObject;
}

/** What is served, by endpoint, era and name. */
export interface Methods {
  /** @returns `isKnown` false when the name is not one that Keyward knows */
  find(scope: Scope["kind"], era: ProtocolEra, name: string): { readonly method: Method; readonly isKnown: boolean };
  /** A server says that its lists have changed for an identity. */
  expire(identity: Identity, serverId: string): void;
}

const LIST_CHANGED: JsonObject = { listChanged: true };
const CAPABILITIES: JsonObject = {
  tools: LIST_CHANGED,
  prompts: LIST_CHANGED,
  resources: LIST_CHANGED,
  completions: {},
};

const INSTRUCTIONS =
  "Several MCP servers stand behind this one. A tool or prompt named <server>-<name> belongs to the server before the " +
  "first hyphen, a resource <server>+<uri> to the one before the first plus sign. Some servers need a key of the person " +
  "you work for: the call then answers with a link. Show that person the whole link, never ask for the key itself, and " +
  "call the tool again once they have used it.";

// Known on `/mcp/<server>` besides those of `/mcp`.
const PASSED = ["logging/setLevel", "resources/subscribe", "resources/unsubscribe", "notifications/initialized"];

const unknownMethod: Method = () => errorOf(METHOD_NOT_FOUND, "Method not found");

export function createMethods(parts: MethodParts): Methods {
  const { issuer, completions, clock, closing, listChanges, sessions, streams, vault, serverInfo } = parts;
  const ladder = createLadder({
    issuer,
    requestStates: createRequestStates({ vault, clock }),
    completions,
    elicitations: createElicitations({ sessions: sessions.live, completions }),
    pending: createPendingAsks({ clock, completions }),
    clock,
    closing,
  });
  const forward = createForward({ ...parts, ladder });

  const subscribe: Method = ({ caller, channel, message }, { notifications }) => {
    const request = { id: message.id, identity: caller.identity, wanted: notifications };
    const stream = streams.stand(caller.identity, () => channel.takeEvents());
    serveSubscription(stream, request, listChanges);
    void stream.closed.then(parts.watch(caller.identity));
    return null;
  };

  const aggregate = createAggregate({ ...parts, forward, serverInfo });
  const all = byEra(aggregate.methods, subscribe, serverInfo);
  const one = createTransparent({ ...parts, forward, subscribe });
  const known = new Set([...all.legacy.keys(), ...all.modern.keys(), ...PASSED]);

  return {
    find(scope, era, name) {
      const method = scope === "one" ? one : (all[era].get(name) ?? unknownMethod);
      return { method, isKnown: known.has(name) };
    },
    expire: aggregate.expire,
  };
}

/** The methods of `/mcp`. What a revision has removed is unknown in it. */
function byEra(
  methods: readonly NamedMethod[],
  subscribe: Method,
  serverInfo: JsonObject,
): Readonly<Record<ProtocolEra, ReadonlyMap<string, Method>>> {
  const initialize: Method = (_exchange, { protocolVersion }) =>
    typeof protocolVersion === "string"
      ? resultOf({
          protocolVersion: legacyVersionFor(protocolVersion),
          capabilities: CAPABILITIES,
          serverInfo,
          instructions: INSTRUCTIONS,
        })
      : errorOf(INVALID_PARAMS, "protocolVersion is a string.");
  const discover: Method = () =>
    resultOf({
      supportedVersions: [MODERN_VERSION],
      capabilities: CAPABILITIES,
      instructions: INSTRUCTIONS,
      ...CACHE,
    });
  const legacy: readonly NamedMethod[] = [["initialize", initialize], ["ping", () => resultOf({})], ...methods];
  const modern: readonly NamedMethod[] = [
    ["server/discover", discover],
    ["subscriptions/listen", subscribe],
    ...methods,
  ];
  return { legacy: new Map(legacy), modern: new Map(modern) };
}
