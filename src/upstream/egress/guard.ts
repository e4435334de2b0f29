import { lookup as systemLookup } from "node:dns/promises";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { buildConnector } from "undici";
import { isKeywardError, KeywardError } from "../../core/errors.ts";
import { type EgressPolicy, normalHost } from "./policy.ts";

/** One answer of a resolver. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const resolveBySystem: Resolve = (hostname) => systemLookup(hostname, { all: true, order: "verbatim" });

export interface GuardOptions {
  readonly policy: EgressPolicy;
  readonly resolve: Resolve;
  /** Milliseconds until a connection, DNS and TLS included, has to stand. */
  readonly connectTimeoutMs: number;
  /** Opens the TCP connection. Replaced only by the tests that make it lie. */
  readonly dial?: buildConnector.connector;
}

/**
 * The connector of every pool. An address is judged three times: as a literal in the URL, because Node calls no lookup
 * for one; as part of the DNS answer, one bad address refusing all of it; and as the far end of the socket before the
 * first byte, TLS included, is sent.
 *
 * The socket is connected to an address of the very answer that was judged: there is no second resolution that could
 * answer differently (DNS rebinding, abuse case A25).
 */
export function createGuardedConnector(options: GuardOptions): buildConnector.connector {
  const { policy, connectTimeoutMs: timeout } = options;
  const dial = options.dial ?? buildConnector({ timeout, lookup: guardedLookup(options) });
  // HTTP/1.1 only: one connection serves one origin. `NODE_TLS_REJECT_UNAUTHORIZED` is not heeded.
  const secure = buildConnector({ timeout, allowH2: false, rejectUnauthorized: true, minVersion: "TLSv1.2" });

  return (target, callback) => {
    const { hostname, protocol } = target;
    if (isIP(hostname) !== 0 && !policy.isAddressAllowed(hostname, hostname)) {
      queueMicrotask(() => callback(new KeywardError("upstream_not_allowed"), null));
      return;
    }
    const port = target.port || (protocol === "https:" ? "443" : "80");
    dial({ hostname, protocol: "http:", port }, (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      if (!isFarEndAllowed(policy, hostname, socket)) {
        socket.destroy();
        callback(new KeywardError("upstream_not_allowed"), null);
        return;
      }
      if (protocol === "https:") {
        secure({ ...target, port, httpSocket: socket }, callback);
      } else {
        callback(null, socket);
      }
    });
  };
}

function isFarEndAllowed(policy: EgressPolicy, hostname: string, socket: Socket): boolean {
  return socket.remoteAddress !== undefined && policy.isAddressAllowed(hostname, socket.remoteAddress);
}

/**
 * Resolves a name and judges every address of the answer.
 * @throws KeywardError `upstream_unreachable` when the name has no address, `upstream_not_allowed`
 */
async function resolveAllowed(
  { policy, resolve }: Pick<GuardOptions, "policy" | "resolve">,
  hostname: string,
): Promise<readonly ResolvedAddress[]> {
  let addresses: readonly ResolvedAddress[];
  try {
    addresses = await resolve(hostname);
  } catch (cause) {
    throw new KeywardError("upstream_unreachable", { cause });
  }
  if (addresses.length === 0) {
    throw new KeywardError("upstream_unreachable");
  }
  if (!addresses.every(({ address }) => policy.isAddressAllowed(hostname, address))) {
    throw new KeywardError("upstream_not_allowed");
  }
  return addresses;
}

function guardedLookup(options: GuardOptions): LookupFunction {
  return (hostname, { all }, callback) => {
    resolveAllowed(options, hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (all === true) {
          callback(
            null,
            addresses.map(({ address, family }) => ({ address, family })),
          );
        } else {
          callback(null, first?.address ?? "", first?.family);
        }
      },
      (error: unknown) => {
        const refusal = isKeywardError(error) ? error : new KeywardError("upstream_not_allowed", { cause: error });
        callback(refusal, all === true ? [] : "");
      },
    );
  };
}

/**
 * Whether the URL may be dialled at all, DNS included; what a form may say before anything is sent.
 * @throws KeywardError `upstream_url_invalid`, `upstream_not_allowed`, `upstream_unreachable`
 */
export async function assertAllowed(options: Pick<GuardOptions, "policy" | "resolve">, url: URL): Promise<void> {
  options.policy.assertUrl(url);
  const host = normalHost(url.hostname);
  if (isIP(host) === 0) {
    await resolveAllowed(options, host);
  }
}
