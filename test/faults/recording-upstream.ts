import type { CallHeaders, Upstream } from "../../src/core/ports.ts";
import type { Server } from "../../src/core/server.ts";

/** One request that carried stored values, as a server saw it. */
interface Use {
  readonly credentialId: string;
  readonly version: number;
  /** The origin that was dialled, and the one that the headers are for. */
  readonly dialled: string;
  readonly boundTo: string;
  /** The values, in their order. */
  readonly values: readonly string[];
}

/** What servers and policies did, of however many operations. */
export interface UpstreamNotes {
  readonly uses: Use[];
  /** The values that were to be verified, with the origin that was dialled for it. */
  readonly verified: { readonly dialled: string; readonly values: readonly string[] }[];
  /** Ids of credentials and servers whose requests were ended, in order. */
  readonly forgotten: string[];
}

export function newNotes(): UpstreamNotes {
  return { uses: [], verified: [], forgotten: [] };
}

/** The part of the port that policies use. It accepts every value. */
type UsedUpstream = Pick<Upstream, "verify" | "request" | "forgetCredential" | "forgetServer">;

/**
 * @param wait what a request or a verification waits for before it is answered: the moment at which something else may
 *   happen. A request whose credential is forgotten meanwhile ends without an answer, as the port promises.
 */
export function recordingUpstream(
  { uses, verified, forgotten }: UpstreamNotes,
  wait: (what: "verify" | "request") => Promise<void>,
): UsedUpstream {
  return {
    async verify(server, headers) {
      verified.push({ dialled: server.origin, values: valuesOf(headers) });
      await wait("verify");
      return { kind: "accepted", strength: "proven", discovered: DISCOVERED, steps: [] };
    },
    async request(server, headers) {
      const begun = forgotten.length;
      uses.push(useOf(server, headers));
      await wait("request");
      const isEnded = forgotten.slice(begun).some((id) => id === headers.credential?.id || id === server.id);
      return isEnded ? { kind: "failed", code: "upstream_unreachable" } : { kind: "result", result: {} };
    },
    forgetCredential: (id) => void forgotten.push(id),
    forgetServer: (id) => void forgotten.push(id),
  };
}

const DISCOVERED = {
  tools: [],
  era: "modern",
  protocolVersion: "2026-07-28",
  isStateful: false,
  serverInfo: {},
  instructions: null,
  prompts: [],
  resources: [],
  resourceTemplates: [],
  capabilities: {},
  at: 1,
} as const;

function useOf(server: Server, { credential, origin, ...values }: CallHeaders): Use {
  return {
    credentialId: credential?.id ?? "",
    version: credential?.version ?? 0,
    dialled: server.origin,
    boundTo: origin,
    values: valuesOf(values),
  };
}

function valuesOf({ userHeaders }: Pick<CallHeaders, "userHeaders">): readonly string[] {
  return [...userHeaders.values()].map((secret) => secret.reveal());
}
