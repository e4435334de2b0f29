import ipaddr from "ipaddr.js";

/** What one address is counted as: of IPv6 its /64, because that is what one customer has (RFC 6177). */
export function networkOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) {
    return "unknown";
  }
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
