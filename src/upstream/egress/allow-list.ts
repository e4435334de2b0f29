import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { KeywardError } from "../../core/errors.ts";
import { classifyAddress, type Network } from "./address.ts";

export type AllowEntry =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "network"; readonly network: Network };

// Wider than the widest private network of each family (10.0.0.0/8, fc00::/7): nothing but a mistake.
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 7 } as const;

const NAME = /^(?!.*\.\.)[a-z0-9_][a-z0-9_.-]*$/;
const QUOTABLE = /^[\x21-\x7e]{1,100}$/;

/**
 * One item of `KEYWARD_ALLOW_PRIVATE_UPSTREAMS`: `mcp.internal`, `10.1.0.0/16`, `127.0.0.1`, `[::1]`.
 * @throws KeywardError `config_invalid`, naming the entry and what to write instead
 */
export function parseAllowEntry(entry: string): AllowEntry {
  const text = entry.trim().toLowerCase();
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (bare.includes("/") && !bare.includes("://")) {
    return { kind: "network", network: parseNetwork(entry, bare) };
  }
  if (isIP(bare) !== 0) {
    return { kind: "network", network: parseNetwork(entry, `${bare}/${isIP(bare) === 4 ? 32 : 128}`) };
  }
  return { kind: "name", name: parseName(entry, text) };
}

function parseNetwork(entry: string, cidr: string): Network {
  const [base = "", prefix = ""] = cidr.split("/");
  if (isIP(base) === 0 || base.includes("%") || !/^\d{1,3}$/.test(prefix) || !ipaddr.isValidCIDR(cidr)) {
    throw invalid(entry, "is no network: write an address, a slash and a prefix length, such as 10.1.0.0/16");
  }
  const network = ipaddr.parseCIDR(cidr);
  const [address, length] = network;
  if (length < SHORTEST_PREFIX[address.kind()]) {
    throw invalid(entry, "lists too much: list the networks that your servers are in");
  }
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  const first = family.networkAddressFromCIDR(cidr).toString();
  if (first !== address.toString()) {
    throw invalid(entry, `has bits set after its prefix: write ${first}/${length}`);
  }
  if (classifyAddress(first) === "never" && isWhollyNever(first, length)) {
    throw invalid(entry, "is link-local, a metadata service or no address of a server, and is never dialled");
  }
  return network;
}

/** Whether the last address is out of reach as well; a wider network may still hold addresses that can be dialled. */
function isWhollyNever(first: string, length: number): boolean {
  const family = isIP(first) === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return classifyAddress(family.broadcastAddressFromCIDR(`${first}/${length}`).toString()) === "never";
}

function parseName(entry: string, text: string): string {
  const name = text.replace(/\.$/, "");
  if (!NAME.test(name) || !URL.canParse(`http://${name}`)) {
    throw invalid(
      entry,
      "is no host name: write one name without scheme, port, path or wildcard, such as mcp.internal",
    );
  }
  // `127.1` and `0x7f000001` are names to look at and addresses to the parser.
  if (new URL(`http://${name}`).hostname !== name) {
    throw invalid(entry, "is an address in an unusual form: write it in full, such as 127.0.0.1");
  }
  return name;
}

function invalid(entry: string, what: string): KeywardError {
  const quoted = QUOTABLE.test(entry.trim()) ? entry.trim() : "an entry";
  return new KeywardError("config_invalid", { message: `KEYWARD_ALLOW_PRIVATE_UPSTREAMS: ${quoted} ${what}.` });
}
