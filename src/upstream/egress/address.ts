import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * What an address is to Keyward.
 *
 * - `public`: global unicast; may be dialled.
 * - `special`: loopback, private, shared or reserved; may be dialled when an administrator lists it.
 * - `never`: link-local, metadata, unspecified, multicast, broadcast, a form that hides an IPv4 address, or no address
 *   at all; no setting opens it.
 */
export type AddressClass = "public" | "special" | "never";

export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

const network = (cidr: string): Network => ipaddr.parseCIDR(cidr);

const NEVER: readonly Network[] = [
  // Unspecified: connecting to it reaches the machine itself.
  network("0.0.0.0/8"),
  network("::/128"),
  // Link-local, RFC 3927 and RFC 4291: the metadata services of most clouds live in it.
  network("169.254.0.0/16"),
  network("fe80::/10"),
  // Multicast and broadcast answer no TCP connection.
  network("224.0.0.0/4"),
  network("255.255.255.255/32"),
  network("ff00::/8"),
  // Metadata services outside link-local: Alibaba, Oracle, Azure's wire server; AWS, Google and Scaleway on IPv6.
  network("100.100.100.200/32"),
  network("192.0.0.192/32"),
  network("168.63.129.16/32"),
  network("fd00:ec2::254/128"),
  network("fd20:ce::254/128"),
  network("fd00:42::42/128"),
  // Forms that carry an IPv4 address past whoever only looks at the IPv6 one: mapped (RFC 4291), translated (RFC 6145),
  // local NAT64 (RFC 8215), Teredo (RFC 4380), 6to4 (RFC 3056).
  network("::ffff:0:0/96"),
  network("::ffff:0:0:0/96"),
  network("64:ff9b:1::/48"),
  network("2001::/32"),
  network("2002::/16"),
];

const LOOPBACK_V6 = network("::1/128");
const IPV4_COMPATIBLE = network("::/96");
const NAT64 = network("64:ff9b::/96");
// IANA has allocated nothing else for global unicast; ipaddr.js calls the unallocated rest `unicast` too.
const GLOBAL_UNICAST_V6 = network("2000::/3");

/** True when both are of one family and the address lies in the network. */
export function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [base, prefix]: Network): boolean {
  return address.kind() === base.kind() && address.match(base, prefix);
}

/**
 * Parses an address in the one form that sockets and resolvers write it.
 *
 * Octal, hexadecimal, dword and short forms are no address here: two parsers read them differently, and one of them
 * would be the guard's. A zone id names an interface of this machine and so never a public address.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  return isIP(text) === 0 || text.includes("%") ? null : ipaddr.parse(text);
}

/** Fails closed: whatever cannot be parsed is `never`. */
export function classifyAddress(text: string): AddressClass {
  const address = parseAddress(text);
  if (address === null || isNever(address)) {
    return "never";
  }
  const isGlobal = address.kind() === "ipv4" || isWithin(address, GLOBAL_UNICAST_V6);
  return isGlobal && address.range() === "unicast" ? "public" : "special";
}

function isNever(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (NEVER.some((range) => isWithin(address, range))) {
    return true;
  }
  return isWithin(address, IPV4_COMPATIBLE) && !isWithin(address, LOOPBACK_V6);
}

/**
 * The IPv4 address that a NAT64 gateway would dial for this one (RFC 6052), or null when it is no such address. Listing
 * `64:ff9b::/96` must not open the metadata address behind it.
 */
export function translatedAddress(text: string): string | null {
  const address = parseAddress(text);
  if (address === null || !isWithin(address, NAT64)) {
    return null;
  }
  return address.toByteArray().slice(-4).join(".");
}
