import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

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
 * The address is told to people and to the audit log; no decision rests on it.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: readonly Cidr[]): string | null {
  const peer = normalise(request.socket.remoteAddress ?? "");
  if (peer === null || !isListed(peer, trustedProxies)) {
    return peer;
  }
  const forwarded = request.headersDistinct["x-forwarded-for"]?.join(",").split(",") ?? [];
  let nearest = peer;
  for (const text of forwarded.toReversed()) {
    const address = normalise(text.trim());
    if (address === null) {
      break;
    }
    nearest = address;
    if (!isListed(address, trustedProxies)) {
      break;
    }
  }
  return nearest;
}

function normalise(text: string): string | null {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : null;
}

function isListed(address: string, cidrs: readonly Cidr[]): boolean {
  const parsed = ipaddr.parse(address);
  return cidrs.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits));
}
