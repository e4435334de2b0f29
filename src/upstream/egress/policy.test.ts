import { describe, expect, it } from "vitest";
import { isKeywardError } from "../../core/errors.ts";
import { createEgressPolicy, type EgressPolicy } from "./policy.ts";

function refusal(policy: EgressPolicy, url: string): string {
  try {
    policy.assertUrl(new URL(url));
    return "allowed";
  } catch (error) {
    return isKeywardError(error) ? error.code : "another error";
  }
}

function configError(entry: string): string {
  try {
    createEgressPolicy([entry]);
    return "accepted";
  } catch (error) {
    return isKeywardError(error, "config_invalid") ? error.message : "another error";
  }
}

describe("without a listed host", () => {
  const policy = createEgressPolicy([]);

  it("only https goes out", () => {
    expect(refusal(policy, "https://example.com/mcp")).toBe("allowed");
    expect(refusal(policy, "https://example.com:8443/mcp?a=b")).toBe("allowed");
    expect(refusal(policy, "http://example.com/mcp")).toBe("upstream_not_allowed");
    expect(refusal(policy, "ftp://example.com/")).toBe("upstream_url_invalid");
    expect(refusal(policy, "file:///etc/passwd")).toBe("upstream_url_invalid");
    expect(refusal(policy, "https://user@example.com/")).toBe("upstream_url_invalid");
    expect(refusal(policy, "https://:pass@example.com/")).toBe("upstream_url_invalid");
    expect(refusal(policy, "https://example.com/#part")).toBe("upstream_url_invalid");
  });

  it("judges every text by itself, however often and in whichever order", () => {
    for (let round = 0; round < 2; round += 1) {
      expect(refusal(policy, "https://example.com/")).toBe("allowed");
      expect(refusal(policy, "https://user@example.com/")).toBe("upstream_url_invalid");
      expect(refusal(policy, "http://example.com/")).toBe("upstream_not_allowed");
      expect(refusal(policy, "https://example.com/#part")).toBe("upstream_url_invalid");
      expect(refusal(createEgressPolicy(["example.com"]), "http://example.com/")).toBe("allowed");
    }
    const url = new URL("https://example.com/");
    policy.assertUrl(url);
    url.hostname = "169.254.169.254";
    expect(() => policy.assertUrl(url)).toThrow(expect.objectContaining({ code: "upstream_not_allowed" }));
  });

  it.each([
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://2130706433/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://1２7.0.0.1/",
    "https://127.0.0.1./",
    "https://%31%32%37.0.0.1/",
    "https:\\\\127.0.0.1\\mcp",
    "ht\ntps://127.0.\t0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fd00:ec2::254]/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/",
    "https://METADATA.google.internal./",
    "https://metadata/",
  ])("A26, A27: %j is refused, however it is written", (url) => {
    expect(refusal(policy, url)).toBe("upstream_not_allowed");
  });

  it("a public literal passes", () => {
    expect(refusal(policy, "https://8.8.8.8/")).toBe("allowed");
    expect(refusal(policy, "https://[2606:4700::1111]/")).toBe("allowed");
  });
});

describe("a listed entry", () => {
  const policy = createEgressPolicy(["mcp.Internal.", "10.1.0.0/16", "127.0.0.1", "[::1]", " 64:ff9b::/96 "]);

  it("opens http and private answers for the very name", () => {
    expect(refusal(policy, "http://mcp.internal:8080/mcp")).toBe("allowed");
    expect(refusal(policy, "http://MCP.internal./mcp")).toBe("allowed");
    expect(policy.isAddressAllowed("mcp.internal", "192.168.5.5")).toBe(true);
    expect(policy.isAddressAllowed("other.internal", "192.168.5.5")).toBe(false);
    expect(refusal(policy, "http://a.mcp.internal/")).toBe("upstream_not_allowed");
    expect(refusal(policy, "http://mcp.internal.evil.test/")).toBe("upstream_not_allowed");
  });

  it("opens a network for literals over http, and for names over https", () => {
    expect(refusal(policy, "http://10.1.255.255/")).toBe("allowed");
    expect(refusal(policy, "http://10.2.0.0/")).toBe("upstream_not_allowed");
    expect(refusal(policy, "https://10.2.0.0/")).toBe("upstream_not_allowed");
    expect(policy.isAddressAllowed("example.com", "10.1.2.3")).toBe(true);
    expect(refusal(policy, "http://example.com/")).toBe("upstream_not_allowed");
  });

  it("opens one loopback address and not the others", () => {
    expect(refusal(policy, "http://127.0.0.1:3000/")).toBe("allowed");
    expect(refusal(policy, "http://[::1]:3000/")).toBe("allowed");
    expect(refusal(policy, "http://127.0.0.2:3000/")).toBe("upstream_not_allowed");
    expect(refusal(policy, "http://localhost:3000/")).toBe("upstream_not_allowed");
    expect(refusal(policy, "http://[::ffff:127.0.0.1]/")).toBe("upstream_not_allowed");
  });

  it("never opens link-local or metadata addresses, nor those behind NAT64", () => {
    const wide = createEgressPolicy(["mcp.internal", "160.0.0.0/8", "100.64.0.0/10", "fc00::/7", "64:ff9b::/96"]);
    for (const address of ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1"]) {
      expect([address, wide.isAddressAllowed("mcp.internal", address)]).toEqual([address, false]);
    }
    expect(wide.isAddressAllowed("example.com", "64:ff9b::808:808")).toBe(true);
    expect(wide.isAddressAllowed("example.com", "64:ff9b::a9fe:a9fe")).toBe(false);
    expect(wide.isAddressAllowed("example.com", "64:ff9b::a00:1")).toBe(false);
    expect(wide.isAddressAllowed("metadata.google.internal", "8.8.8.8")).toBe(false);
  });
});

describe("an entry that cannot be meant", () => {
  it.each([
    ["https://mcp.internal", "host name"],
    ["mcp.internal:8080", "host name"],
    ["mcp.internal/path", "network"],
    ["*.internal", "host name"],
    ["", "host name"],
    ["a..b", "host name"],
    ["two words", "host name"],
    ["10.0.0.0/33", "network"],
    ["10.0.0.0/", "network"],
    ["10.0.0.0/8/8", "network"],
    ["10.0.0/8", "network"],
    ["010.0.0.0/8", "network"],
    ["fe80::1%eth0/64", "network"],
    ["10.1.2.3/16", "write 10.1.0.0/16"],
    ["127.1", "unusual form"],
    ["0x7f000001", "unusual form"],
    ["2130706433", "unusual form"],
    ["0.0.0.0/0", "too much"],
    ["::/0", "too much"],
    ["10.0.0.0/7", "too much"],
    ["169.254.0.0/16", "never dialled"],
    ["169.254.169.254", "never dialled"],
    ["fe80::/10", "never dialled"],
    ["fd00:ec2::254", "never dialled"],
    ["[::ffff:127.0.0.1]", "never dialled"],
    ["0.0.0.0", "never dialled"],
    ["metadata.google.internal", "never dialled"],
  ])("stops the start: %j", (entry, reason) => {
    const message = configError(entry);
    expect(message).toContain(reason);
    expect(message).toMatch(/^KEYWARD_ALLOW_PRIVATE_UPSTREAMS: /);
  });

  it("is quoted in the message when it is short and printable, and not otherwise", () => {
    expect(configError("10.0.0.0/33")).toContain("10.0.0.0/33");
    expect(configError(`evil\n${"x".repeat(10)}`)).not.toContain("evil");
  });
});
