import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import ipaddr from "ipaddr.js";
import { headerLines } from "../core/raw-headers.ts";

/** A parsed CIDR, as the configuration gives it: `10.0.0.0/8`. */
export type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** @returns null when the text is not a CIDR or an address */
export function parseCidr(text: string): Cidr | null {
  if (ipaddr.isValidCIDR(text)) {
    return ipaddr.parseCIDR(text);
  }
  if (!ipaddr.isValid(text)) {
    return null;
  }
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/**
 * Where a request comes from. `X-Forwarded-For` counts only as far as the chain of listed proxies reaches: the first
 * address from the right that is not one of them (CVE-2025-54576: trusting everyone let anyone name an address).
 *
 * The address is told to people and to the audit log, and sign-ins are counted for it; nobody is let in for it.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: readonly Cidr[]): string | null {
  const peer = peerOf(request.socket);
  if (peer === null || !isListed(peer, trustedProxies)) {
    return peer?.text ?? null;
  }
  const lines = headerLines(request.rawHeaders, "x-forwarded-for");
  const forwarded = lines.length === 0 ? [] : lines.join(",").split(",");
  let nearest = peer;
  for (const text of forwarded.toReversed()) {
    const address = parseAddress(text.trim());
    if (address === null) {
      break;
    }
    nearest = address;
    if (!isListed(address, trustedProxies)) {
      break;
    }
  }
  return nearest.text;
}

const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * The id that a listed proxy has given to a request, so that its log and this one can be read together. A caller's own
 * does not count: it would stand in the audit log, where two requests must not have one id.
 */
export function requestIdOf(request: IncomingMessage, trustedProxies: readonly Cidr[]): string | null {
  const [id, ...others] = headerLines(request.rawHeaders, "x-request-id");
  if (id === undefined || others.length > 0 || !REQUEST_ID.test(id)) {
    return null;
  }
  const peer = peerOf(request.socket);
  return peer !== null && isListed(peer, trustedProxies) ? id : null;
}

interface Address {
  readonly text: string;
  readonly parsed: ipaddr.IPv4 | ipaddr.IPv6;
}

/** By connection: most requests come over one that has brought others. */
const peers = new WeakMap<Socket, { readonly remote: string; readonly address: Address | null }>();

function peerOf(socket: Socket): Address | null {
  // None any more once the socket is gone.
  const remote = socket.remoteAddress ?? "";
  const known = peers.get(socket);
  if (known?.remote === remote) {
    return known.address;
  }
  const address = parseAddress(remote);
  peers.set(socket, { remote, address });
  return address;
}

function parseAddress(text: string): Address | null {
  if (!ipaddr.isValid(text)) {
    return null;
  }
  const normal = ipaddr.process(text).toString();
  return { text: normal, parsed: ipaddr.parse(normal) };
}

function isListed({ parsed }: Address, cidrs: readonly Cidr[]): boolean {
  return cidrs.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits));
}
