import { BlockList, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AddressClass, classifyAddress, translatedAddress } from "./address.ts";

/** Every range of IANA's special-purpose registries and of `security.md` 8: first, a middle and the last address. */
const RANGES: readonly (readonly [what: string, expected: AddressClass, addresses: readonly string[]])[] = [
  ["this network", "never", ["0.0.0.0", "0.1.2.3", "0.255.255.255"]],
  ["private 10/8", "special", ["10.0.0.0", "10.1.2.3", "10.255.255.255"]],
  ["carrier-grade NAT", "special", ["100.64.0.0", "100.100.0.1", "100.127.255.255"]],
  ["loopback", "special", ["127.0.0.0", "127.0.0.1", "127.255.255.255"]],
  ["link-local", "never", ["169.254.0.0", "169.254.169.254", "169.254.255.255"]],
  ["private 172.16/12", "special", ["172.16.0.0", "172.20.10.5", "172.31.255.255"]],
  ["IETF protocol assignments", "special", ["192.0.0.0", "192.0.0.8", "192.0.0.255"]],
  ["documentation 1", "special", ["192.0.2.0", "192.0.2.77", "192.0.2.255"]],
  ["AS112, RFC 7535", "special", ["192.31.196.0", "192.31.196.255"]],
  ["AMT", "special", ["192.52.193.0", "192.52.193.255"]],
  ["6to4 relays", "special", ["192.88.99.0", "192.88.99.255"]],
  ["private 192.168/16", "special", ["192.168.0.0", "192.168.1.1", "192.168.255.255"]],
  ["AS112, RFC 7534", "special", ["192.175.48.0", "192.175.48.255"]],
  ["benchmarking", "special", ["198.18.0.0", "198.19.255.255"]],
  ["documentation 2", "special", ["198.51.100.0", "198.51.100.255"]],
  ["documentation 3", "special", ["203.0.113.0", "203.0.113.255"]],
  ["multicast", "never", ["224.0.0.0", "239.255.255.255"]],
  ["reserved", "special", ["240.0.0.0", "255.255.255.254"]],
  ["broadcast", "never", ["255.255.255.255"]],
  ["metadata of Alibaba, Oracle and Azure", "never", ["100.100.100.200", "192.0.0.192", "168.63.129.16"]],

  ["unspecified v6", "never", ["::", "0:0:0:0:0:0:0:0"]],
  ["loopback v6", "special", ["::1", "0:0:0:0:0:0:0:1"]],
  ["IPv4-compatible", "never", ["::7f00:1", "::127.0.0.1", "::8.8.8.8"]],
  ["IPv4-mapped", "never", ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:8.8.8.8", "0:0:0:0:0:ffff:a9fe:a9fe"]],
  ["IPv4-translated", "never", ["::ffff:0:127.0.0.1", "::ffff:0:808:808"]],
  ["NAT64", "special", ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8"]],
  ["local NAT64", "never", ["64:ff9b:1::1", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"]],
  ["discard", "special", ["100::", "100::ffff:ffff:ffff:ffff"]],
  ["dummy", "special", ["100:0:0:1::1"]],
  ["Teredo", "never", ["2001::1", "2001:0:7f00:1::"]],
  ["IETF protocol assignments v6", "special", ["2001:1::1", "2001:1ff:ffff::1"]],
  ["benchmarking v6", "special", ["2001:2::1"]],
  ["AMT v6", "special", ["2001:3::1"]],
  ["AS112 v6", "special", ["2001:4:112::1", "2620:4f:8000::1"]],
  ["ORCHID and ORCHIDv2", "special", ["2001:10::1", "2001:20::1", "2001:2f:ffff::1"]],
  ["drone ids", "special", ["2001:30::1"]],
  ["documentation v6", "special", ["2001:db8::1", "2001:db8:ffff::1", "3fff::1", "3fff:fff:ffff::1"]],
  ["6to4", "never", ["2002:7f00:1::", "2002:808:808::1"]],
  ["unallocated", "special", ["4000::1", "8000::1", "e000::1", "1::1"]],
  ["segment routing", "special", ["5f00::1"]],
  ["unique local", "special", ["fc00::1", "fd12:3456:789a::1"]],
  ["metadata of AWS, Google and Scaleway", "never", ["fd00:ec2::254", "fd20:ce::254", "fd00:42::42"]],
  ["link-local v6", "never", ["fe80::1", "febf:ffff::1"]],
  ["site-local", "special", ["fec0::1", "feff:ffff::1"]],
  ["multicast v6", "never", ["ff00::1", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]],

  ["global v4", "public", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "172.32.0.0"]],
  ["beside the ranges", "public", ["9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255"]],
  [
    "beside more ranges",
    "public",
    ["169.255.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255"],
  ],
  ["global v6", "public", ["2606:4700::1111", "2a00:1450:4001::1", "2620:0:2d0:200::7", "2001:4860:4860::8888"]],
];

/** What is no address in the one form that sockets and resolvers write. */
const NOT_ADDRESSES = [
  "",
  " ",
  "localhost",
  "example.com",
  "1.2.3",
  "127.1",
  "127.0.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.0.0.01",
  "08.8.8.8",
  "8.8.8.8 ",
  " 8.8.8.8",
  "8.8.8.8\n",
  "8.8.8.8\0",
  "8.8.8.8.",
  "8.8.8.8:443",
  "8.8.8.8/32",
  "256.1.1.1",
  "-1.1.1.1",
  "1.1.1.1.1",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "[2606:4700::1111]",
  "2606:4700::1111%eth0",
  "fe80::1%eth0",
  "fe80::1%25eth0",
  "::1%lo",
  "2606:4700::1111::",
  ":::",
  "12345::1",
  "::ffff:256.1.1.1",
  "%31",
];

describe("A26: an address", () => {
  it.each(RANGES)("of %s is %s", (_, expected, addresses) => {
    expect(addresses.map((address) => [address, classifyAddress(address)])).toEqual(
      addresses.map((address) => [address, expected]),
    );
  });

  it.each(NOT_ADDRESSES)("that cannot be parsed is never dialled: %j", (text) => {
    expect(classifyAddress(text)).toBe("never");
  });

  it("is judged the same in every spelling of it", () => {
    const spellings = ["FE80::1", "fe80:0:0:0:0:0:0:1", "fe80:0000:0000:0000:0000:0000:0000:0001"];
    expect(spellings.map(classifyAddress)).toEqual(["never", "never", "never"]);
    expect(classifyAddress("FD00:EC2:0:0::254")).toBe("never");
  });

  it("behind NAT64 is known", () => {
    expect(translatedAddress("64:ff9b::a9fe:a9fe")).toBe("169.254.169.254");
    expect(translatedAddress("2606:4700::1111")).toBeNull();
    expect(translatedAddress("8.8.8.8")).toBeNull();
  });
});

describe("A26: a public address", () => {
  // One list for each family: a mapped range in one list would also cover every IPv4 address.
  const special = { ipv4: new BlockList(), ipv6: new BlockList() };
  const subnets: readonly (readonly [string, number])[] = [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.31.196.0", 24],
    ["192.52.193.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["192.175.48.0", 24],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
    ["168.63.129.16", 32],
    ["::", 3],
    ["2001::", 23],
    ["2001:db8::", 32],
    ["2002::", 16],
    ["2620:4f:8000::", 48],
    ["3fff::", 20],
    ["4000::", 2],
    ["8000::", 1],
  ];
  for (const [base, prefix] of subnets) {
    const family = isIPv6(base) ? "ipv6" : "ipv4";
    special[family].addSubnet(base, prefix, family);
  }

  // Half of the samples lie at the edge of a range, where a wrong prefix shows.
  const edges = subnets.map(([base]) => base).filter((base) => !isIPv6(base));
  const nearEdge = fc
    .tuple(fc.constantFrom(...edges), fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 24 }))
    .map(([base, by, shift]) => v4(toNumber(base) + by * 2 ** shift));
  const anyV4 = fc.oneof(nearEdge, fc.ipV4());

  it("of IPv4 lies in no special range, by the judgement of Node's own BlockList too", () => {
    fc.assert(
      fc.property(anyV4, (address) => {
        expect([address, classifyAddress(address) === "public"]).toEqual([
          address,
          !special.ipv4.check(address, "ipv4"),
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it("of IPv6 lies in no special range, by the judgement of Node's own BlockList too", () => {
    const group = fc.oneof(
      fc.constantFrom(0, 0x64, 0x100, 0x2001, 0x2002, 0x2620, 0x3ffe, 0x3fff, 0xfc00, 0xfe80, 0xffff),
      fc.integer({ min: 0, max: 0xffff }),
    );
    const anyV6 = fc
      .array(group, { minLength: 8, maxLength: 8 })
      .map((groups) => groups.map((g) => g.toString(16)).join(":"));
    fc.assert(
      fc.property(anyV6, (address) => {
        expect([address, classifyAddress(address) === "public"]).toEqual([
          address,
          !special.ipv6.check(address, "ipv6"),
        ]);
      }),
      { numRuns: 3_000 },
    );
  });
});

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function v4(value: number): string {
  const bits = ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}
