import { KeywardError } from "../../core/errors.ts";
import { classifyAddress, isWithin, type Network, parseAddress, translatedAddress } from "./address.ts";
import { parseAllowEntry } from "./allow-list.ts";

/** Which URLs and addresses may be dialled. Pure: it resolves nothing. */
export interface EgressPolicy {
  /**
   * The rules that need no DNS: scheme, userinfo, host name, and the address when the host is one.
   * @throws KeywardError `upstream_url_invalid`, `upstream_not_allowed`
   */
  assertUrl(url: URL): void;
  /** @param hostname the host of the URL that led to the address; `address` itself when the host is a literal */
  isAddressAllowed(hostname: string, address: string): boolean;
}

const MAX_REMEMBERED_URLS = 1_000;

// Names under which clouds serve credentials to whoever asks from inside.
const METADATA_NAMES: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.com",
  "metadata.azure.internal",
  "metadata.tencentyun.com",
  "instance-data",
  "instance-data.ec2.internal",
]);

/**
 * @param entries host names, addresses and CIDR networks, the items of `KEYWARD_ALLOW_PRIVATE_UPSTREAMS`. A listed name may
 *   be dialled over http and may resolve to special addresses; a listed address or network may be dialled over http
 *   by its literal address, and over https also by any name that resolves to it.
 * @throws KeywardError `config_invalid`, naming the entry
 */
export function createEgressPolicy(entries: readonly string[]): EgressPolicy {
  const names = new Set<string>();
  const networks: Network[] = [];
  for (const entry of entries) {
    const parsed = parseAllowEntry(entry);
    if (parsed.kind === "name") {
      if (METADATA_NAMES.has(parsed.name)) {
        throw new KeywardError("config_invalid", {
          message: `KEYWARD_ALLOW_PRIVATE_UPSTREAMS: ${parsed.name} is a metadata service and is never dialled.`,
        });
      }
      names.add(parsed.name);
    } else {
      networks.push(parsed.network);
    }
  }

  const isListedAddress = (address: string): boolean => {
    const parsed = parseAddress(address);
    return parsed !== null && networks.some((network) => isWithin(parsed, network));
  };

  const isAddressAllowed = (hostname: string, address: string): boolean => {
    const host = normalHost(hostname);
    const addressClass = classifyAddress(address);
    if (METADATA_NAMES.has(host) || addressClass === "never") {
      return false;
    }
    const translated = translatedAddress(address);
    if (translated !== null && !isAddressAllowed(host, translated)) {
      return false;
    }
    return addressClass === "public" || names.has(host) || isListedAddress(address);
  };

  // Of texts that were judged and may be dialled. The rules never change, so neither does a verdict.
  const allowed = new Set<string>();

  return {
    isAddressAllowed,
    assertUrl(url) {
      const text = url.href;
      if (allowed.has(text)) {
        return;
      }
      const host = normalHost(url.hostname);
      const isPlain = url.protocol === "http:";
      if ((!isPlain && url.protocol !== "https:") || url.username !== "" || url.password !== "" || url.hash !== "") {
        throw new KeywardError("upstream_url_invalid");
      }
      if (METADATA_NAMES.has(host) || (isPlain && !names.has(host) && !isListedAddress(host))) {
        throw new KeywardError("upstream_not_allowed");
      }
      if (parseAddress(host) !== null && !isAddressAllowed(host, host)) {
        throw new KeywardError("upstream_not_allowed");
      }
      if (allowed.size >= MAX_REMEMBERED_URLS) {
        allowed.clear();
      }
      allowed.add(text);
    },
  };
}

/** A host as the WHATWG parser writes it, without the brackets of IPv6 and the dot that ends a full name. */
export function normalHost(hostname: string): string {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return bare.replace(/\.$/, "").toLowerCase();
}
