import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isKeywardError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { type Config, loadConfig, loopbackUrl } from "./config.ts";
import { environmentVariable, flagOf, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";

const CANARY = "sk-live-canary-4f1d9c";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-config-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function fileWith(text: string): string {
  const path = join(folder, "keyward.yaml");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** Only what the test gives: no file of the working directory, no variable of this process. */
function load(given: {
  readonly flags?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly yaml?: string;
}): Config {
  const configPath = given.yaml === undefined ? null : fileWith(given.yaml);
  return loadConfig({ flags: given.flags ?? {}, env: given.env ?? {}, configPath });
}

function refusal(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (isKeywardError(error, "config_invalid")) return error.message;
    throw error;
  }
  throw new Error("The configuration was accepted.");
}

const SINGLE_SIGN_ON: Readonly<Record<string, string>> = {
  KEYWARD_OIDC_ISSUER: "https://login.b.example/realm",
  KEYWARD_OIDC_CLIENT_ID: "b",
  KEYWARD_OIDC_CLIENT_SECRET: "b",
  KEYWARD_OIDC_ALLOWED_DOMAINS: "b.example",
};

describe("without any setting", () => {
  it("A48: listens on loopback, dials no private address, opens no shortcut and has no token", () => {
    expect(load({})).toEqual({
      host: "127.0.0.1",
      isLoopback: true,
      port: 4180,
      publicUrl: null,
      database: { kind: "sqlite", path: resolve("data/keyward.db") },
      encryptionKey: { kind: "generated_file", path: resolve("data/keyward.db.key") },
      adminToken: null,
      areTempTokenLinksEnabled: false,
      areSessionIdentitiesEnabled: false,
      isOauthRegistrationEnabled: true,
      orphanRetentionMs: 30 * 24 * 60 * 60 * 1000,
      allowedPrivateUpstreams: [],
      trustedProxies: [],
      singleSignOn: null,
      logLevel: "info",
      metricsToken: null,
      shutdownDelayMs: 0,
      logFormat: null,
      warnings: [],
    });
  });

  it("says the public URL of a loopback listener, IPv6 in brackets", () => {
    expect(loopbackUrl("127.0.0.1", 4180)).toBe("http://127.0.0.1:4180");
    expect(loopbackUrl("::1", 4180)).toBe("http://[::1]:4180");
    expect(loopbackUrl("localhost", 4180)).toBe("http://localhost:4180");
  });
});

describe("precedence", () => {
  const yaml = "port: 1001\nlog_level: warn\nhost: localhost\n";
  const env = { KEYWARD_PORT: "1002", KEYWARD_LOG_LEVEL: "error" };

  it("is flag over environment over file", () => {
    expect(load({ yaml, env, flags: { port: "1003" } })).toMatchObject({
      port: 1003,
      logLevel: "error",
      host: "localhost",
    });
  });

  it("takes every option from each source it may be in", () => {
    const values: Record<OptionName, string> = {
      host: "127.0.0.2",
      port: "1",
      public_url: "https://a.example",
      database_url: "sqlite:/x/y.db",
      encryption_key: "k",
      encryption_key_file: "/k",
      encryption_key_command: "k",
      admin_token: "a".repeat(32),
      temp_token_links: "on",
      session_identities: "on",
      oauth_registration: "off",
      orphan_retention_days: "1",
      allow_private_upstreams: "10.0.0.0/8",
      trusted_proxies: "10.0.0.1",
      oidc_issuer: "https://login.a.example",
      oidc_client_id: "a",
      oidc_client_secret: "a",
      oidc_allowed_domains: "a.example",
      oidc_admin_groups: "a",
      oidc_groups_claim: "a",
      oidc_label: "a",
      metrics_token: "m".repeat(32),
      shutdown_delay: "1",
      log_level: "debug",
      log_format: "json",
    };
    const shown = (config: Config) =>
      `${inspect(config, { depth: 9 })} ${config.singleSignOn?.clientSecret.reveal() ?? ""}`;
    for (const name of OPTION_NAMES) {
      const text = values[name];
      const variable = environmentVariable(name);
      const { [variable]: _, ...env } = name.startsWith("oidc_") ? SINGLE_SIGN_ON : {};
      const usual = shown(load({ env: name.startsWith("oidc_") ? SINGLE_SIGN_ON : {} }));
      expect(shown(load({ env: { ...env, [variable]: text } })), name).not.toBe(usual);
      expect(shown(load({ env, yaml: `${name}: ${text}` })), name).not.toBe(usual);
      if (OPTIONS[name].argument !== null) {
        expect(shown(load({ env, flags: { [name]: text } })), name).not.toBe(usual);
      }
    }
  });

  it("finds the file by KEYWARD_CONFIG, and --config wins", () => {
    const path = fileWith("port: 7");
    const other = join(folder, "other.yaml");
    writeFileSync(other, "port: 8");
    expect(loadConfig({ flags: {}, env: { KEYWARD_CONFIG: path } }).port).toBe(7);
    expect(loadConfig({ flags: {}, env: { KEYWARD_CONFIG: path }, configPath: other }).port).toBe(8);
  });

  it("refuses a file that was named and is not there", () => {
    const configPath = join(folder, "none.yaml");
    expect(refusal(() => loadConfig({ flags: {}, env: {}, configPath }))).toContain(
      "named by --config, does not exist",
    );
    expect(refusal(() => loadConfig({ flags: {}, env: { KEYWARD_CONFIG: configPath } }))).toContain(
      "named by KEYWARD_CONFIG, does not exist",
    );
  });
});

describe("values that are accepted", () => {
  it.each([
    ["host", "0.0.0.0", { host: "0.0.0.0", isLoopback: false }],
    ["host", "::1", { host: "::1", isLoopback: true }],
    ["host", "127.8.8.8", { isLoopback: true }],
    ["host", "::ffff:127.0.0.1", { isLoopback: true }],
    ["host", "LocalHost", { host: "localhost", isLoopback: true }],
    ["host", "127.0.0.1.example.com", { isLoopback: false }],
    ["host", "127.1", { isLoopback: false }],
    ["port", "0", { port: 0 }],
    ["port", "65535", { port: 65_535 }],
    ["public_url", "https://keyward.example.com/", { publicUrl: "https://keyward.example.com" }],
    ["public_url", "https://KEYWARD.example.com:8443", { publicUrl: "https://keyward.example.com:8443" }],
    ["database_url", "sqlite:./a/b.db", { database: { kind: "sqlite", path: resolve("a/b.db") } }],
    ["database_url", "sqlite:///var/lib/b.db", { database: { kind: "sqlite", path: "/var/lib/b.db" } }],
    ["database_url", "sqlite:/var/lib/b.db", { database: { kind: "sqlite", path: "/var/lib/b.db" } }],
    ["encryption_key_file", "/run/key", { encryptionKey: { kind: "file", path: "/run/key" } }],
    [
      "encryption_key_command",
      `/opt/kms --key "a b" 'c'`,
      { encryptionKey: { kind: "command", argv: ["/opt/kms", "--key", "a b", "c"] } },
    ],
    ["temp_token_links", "On", { areTempTokenLinksEnabled: true }],
    ["session_identities", "true", { areSessionIdentitiesEnabled: true }],
    ["session_identities", "off", { areSessionIdentitiesEnabled: false }],
    ["oauth_registration", "on", { isOauthRegistrationEnabled: true }],
    ["oauth_registration", "off", { isOauthRegistrationEnabled: false }],
    ["orphan_retention_days", "0", { orphanRetentionMs: 0 }],
    ["orphan_retention_days", "3650", { orphanRetentionMs: 3650 * 86_400_000 }],
    ["allow_private_upstreams", "127.0.0.1, mcp.internal", { allowedPrivateUpstreams: ["127.0.0.1", "mcp.internal"] }],
    ["shutdown_delay", "300", { shutdownDelayMs: 300_000 }],
    ["log_level", "silent", { logLevel: "silent" }],
    ["log_format", "pretty", { logFormat: "pretty" }],
  ] as const)("%s = %s", (name, text, expected) => {
    const isHost = name === "host";
    expect(load({ flags: { [name]: text, ...(isHost ? { public_url: "https://a.example" } : {}) } })).toMatchObject(
      expected,
    );
  });

  it("a list is written with commas, or in YAML as a list", () => {
    const [proxy, network] = load({ yaml: "trusted_proxies: [10.0.0.1, 'fd00::/8']" }).trustedProxies;
    expect([proxy?.[0].toString(), proxy?.[1], network?.[0].toString(), network?.[1]]).toEqual([
      "10.0.0.1",
      32,
      "fd00::",
      8,
    ]);
    expect(load({ yaml: "encryption_key_command:\n  - /opt/kms\n  - a b\n" }).encryptionKey).toEqual({
      kind: "command",
      argv: ["/opt/kms", "a b"],
    });
  });

  it("an empty file, and one of comments only, set nothing", () => {
    expect(load({ yaml: "" }).port).toBe(4180);
    expect(load({ yaml: "# port: 1\n" }).port).toBe(4180);
  });
});

describe("single sign-on", () => {
  it("is all of it, with defaults for what may be left out", () => {
    const { singleSignOn } = load({
      env: { ...SINGLE_SIGN_ON, KEYWARD_OIDC_ALLOWED_DOMAINS: "B.example, c.example" },
    });
    expect(singleSignOn).toEqual({
      issuer: "https://login.b.example/realm",
      clientId: "b",
      clientSecret: expect.any(Secret),
      allowedDomains: ["b.example", "c.example"],
      adminGroups: [],
      groupsClaim: "groups",
      label: "single sign-on",
    });
    expect(singleSignOn?.clientSecret.reveal()).toBe("b");
  });

  it.each(["KEYWARD_OIDC_CLIENT_ID", "KEYWARD_OIDC_CLIENT_SECRET", "KEYWARD_OIDC_ALLOWED_DOMAINS"])(
    "without %s stops the start",
    (variable) => {
      const { [variable]: _, ...env } = SINGLE_SIGN_ON;
      expect(refusal(() => load({ env }))).toContain(variable);
    },
  );

  it("without an issuer is a slip", () => {
    expect(refusal(() => load({ env: { KEYWARD_OIDC_ALLOWED_DOMAINS: "b.example" } }))).toContain(
      "oidc_allowed_domains, set by KEYWARD_OIDC_ALLOWED_DOMAINS, needs oidc_issuer",
    );
  });

  it.each([
    ["oidc_issuer", "http://login.b.example"],
    ["oidc_issuer", "https://user@login.b.example"],
    ["oidc_issuer", "https://login.b.example?x"],
    ["oidc_issuer", "login.b.example"],
    ["oidc_allowed_domains", "*.b.example"],
    ["oidc_allowed_domains", "@b.example"],
    ["oidc_allowed_domains", "localhost"],
    ["oidc_allowed_domains", ""],
    ["oidc_label", " padded"],
    ["oidc_label", "x".repeat(41)],
    ["oidc_client_id", "a\u202eb"],
  ] as const)("%s = %j stops the start", (name, text) => {
    const { [environmentVariable(name)]: _, ...env } = SINGLE_SIGN_ON;
    expect(refusal(() => load({ env, flags: { [name]: text } }))).toContain(name);
  });

  it("may be on this machine without https, for trying it", () => {
    const env = { ...SINGLE_SIGN_ON, KEYWARD_OIDC_ISSUER: "http://127.0.0.1:9000" };
    expect(load({ env }).singleSignOn?.issuer).toBe("http://127.0.0.1:9000");
  });
});

describe("values that stop the start", () => {
  it.each([
    ["host", "", "must be an IP address"],
    ["host", "[::1]", "without brackets"],
    ["host", "localhost:80", "without a port"],
    ["host", "http://localhost", "must be an IP address"],
    ["port", "65536", "must be a whole number from 0 to 65535"],
    ["port", "-1", "must be a whole number"],
    ["port", "80.5", "must be a whole number"],
    ["port", "0x50", "must be a whole number"],
    ["port", "tcp://10.0.0.1:4180", "enableServiceLinks"],
    ["public_url", "keyward.example.com", "must be an http or https URL"],
    ["public_url", "ftp://a.example", "must be an http or https URL"],
    ["public_url", "https://a.example/keyward", "without user name, path"],
    ["public_url", "https://a.example/?", "query or fragment"],
    ["public_url", "https://a.example/#", "query or fragment"],
    ["public_url", "https://u:p@a.example", "without user name"],
    ["public_url", "https://@a.example", "without user name"],
    ["database_url", `postgres://keyward:${CANARY}@/keyward`, "must be postgres://"],
    ["database_url", `postgres://keyward:${CANARY}@db`, "must be postgres://"],
    ["database_url", `postgres:keyward:${CANARY}`, "must be postgres://"],
    ["database_url", "./data/keyward.db", "must be sqlite:<path of a file>"],
    ["database_url", "sqlite:", "must be sqlite:<path of a file>"],
    ["database_url", "sqlite://host/a.db", "must be sqlite:<path of a file>"],
    ["database_url", "sqlite:./data/", "must be sqlite:<path of a file>"],
    ["database_url", "sqlite:a.db?mode=memory", "must be sqlite:<path of a file>"],
    ["database_url", "sqlite::memory:", "would forget every credential"],
    ["encryption_key_file", "", "must be the path of a file"],
    ["encryption_key_command", "kms 'a b", "each quoted as a whole"],
    ["encryption_key_command", "  ", "must be a program"],
    ["temp_token_links", "maybe", "must be on or off"],
    ["session_identities", "1", "must be on or off"],
    ["oauth_registration", "", "must be on or off"],
    ["orphan_retention_days", "3651", "must be a whole number from 0 to 3650"],
    ["orphan_retention_days", "-1", "from 0 to 3650"],
    ["allow_private_upstreams", "10.0.0.0/8,,", "none of them empty"],
    ["allow_private_upstreams", "*", "is no host name"],
    ["allow_private_upstreams", "0.0.0.0/0", "lists too much"],
    ["allow_private_upstreams", "169.254.169.254", "is never dialled"],
    ["trusted_proxies", "0.0.0.0/0", "not all addresses"],
    ["trusted_proxies", "proxy.internal", "must be addresses or networks"],
    ["log_level", "verbose", "must be one of debug, info, warn, error, silent"],
    ["log_format", "xml", "must be one of json, pretty"],
  ] as const)("%s = %s", (name, text, expected) => {
    const message = refusal(() => load({ flags: { [name]: text } }));
    expect(message.startsWith(`${name}, set by ${flagOf(name)}, `), message).toBe(true);
    expect(message).toContain(expected);
    expect(message).toMatch(/[^.]\.$/);
    expect(message).not.toContain(CANARY);
  });

  it("a listener that others reach needs a public URL", () => {
    expect(refusal(() => load({ flags: { host: "0.0.0.0" } }))).toMatch(/^public_url \(KEYWARD_PUBLIC_URL\) is needed/);
    expect(refusal(() => load({ flags: { host: "keyward.internal" } }))).toMatch(/^public_url/);
  });

  it("A24: two encryption keys are refused, wherever each is set", () => {
    const message = refusal(() =>
      load({ env: { KEYWARD_ENCRYPTION_KEY: CANARY }, flags: { encryption_key_file: "/k" } }),
    );
    expect(message).toBe("Set only one encryption key. There are 2: KEYWARD_ENCRYPTION_KEY, --encryption-key-file.");
    expect(
      refusal(() => load({ yaml: "encryption_key_file: /k", env: { KEYWARD_ENCRYPTION_KEY_COMMAND: "/kms" } })),
    ).toMatch(/^Set only one encryption key\. There are 2: .*keyward\.yaml line 1, KEYWARD_ENCRYPTION_KEY_COMMAND\.$/);
  });

  it("a variable that is set but empty is refused: it was meant to be filled", () => {
    expect(refusal(() => load({ env: { KEYWARD_ENCRYPTION_KEY: "" } }))).toBe(
      "KEYWARD_ENCRYPTION_KEY is set but empty. Give it a value, or unset it.",
    );
  });

  it("an admin token is long and in one piece", () => {
    for (const token of [
      "a".repeat(31),
      `${CANARY} ${"a".repeat(32)}`,
      `${CANARY}${"ä".repeat(32)}`,
      "a".repeat(513),
    ]) {
      const message = refusal(() => load({ env: { KEYWARD_ADMIN_TOKEN: token } }));
      expect(message).toBe(
        "admin_token, set by KEYWARD_ADMIN_TOKEN, must be 32 to 512 visible ASCII characters without spaces.",
      );
    }
  });

  it("a secret has no flag, because ps shows flags", () => {
    expect(refusal(() => load({ flags: { admin_token: CANARY.repeat(3) } }))).toBe(
      "admin_token has no flag, because ps shows it to others. Set KEYWARD_ADMIN_TOKEN.",
    );
  });
});

describe("the file", () => {
  it("names an unknown key, its line and the nearest option", () => {
    expect(refusal(() => load({ yaml: "host: 127.0.0.1\npublic-ulr: x\n" }))).toMatch(
      /keyward\.yaml line 2: public-ulr is not an option\. Did you mean public_url\?$/,
    );
    expect(refusal(() => load({ yaml: "colour: red" }))).toMatch(/colour is not an option\. docs\/configuration\.md/);
  });

  it("names the line of a value that is not acceptable", () => {
    expect(refusal(() => load({ yaml: "# first\nhost: 127.0.0.1\nport: many\n" }))).toMatch(
      /^port, set by .*keyward\.yaml line 3, must be a whole number from 0 to 65535\.$/,
    );
  });

  it.each([
    ["a key twice", "port: 1\nport: 2\n", /line 2 is not valid YAML/],
    ["broken YAML", `admin_token: "${CANARY}\nport: 1`, /is not valid YAML/],
    ["two documents", "port: 1\n---\nport: 2\n", /is not valid YAML/],
    ["a sequence", "- port: 1\n", /is not a list of/],
    ["a bare text", CANARY, /is not a list of/],
    ["a map as value", "port: { a: 1 }", /must be one value or a list/],
    ["an alias", "host: &a 127.0.0.1\ndatabase_url: *a", /is an alias/],
    ["a list where one value belongs", "port: [1, 2]", /takes one value, not a list/],
    ["an empty value", "port:", /must be a whole number/],
    ["a secret as key", `${CANARY} is my key: x`, /a key is not an option/],
  ])("refuses %s and quotes nothing of it", (_, yaml, expected) => {
    const message = refusal(() => load({ yaml }));
    expect(message).toMatch(expected);
    expect(message).not.toContain(CANARY);
  });

  it("that holds a secret must be its owner's alone", () => {
    const path = fileWith(`admin_token: ${CANARY.repeat(2)}\n`);
    expect(loadConfig({ flags: {}, env: {}, configPath: path }).adminToken?.reveal()).toBe(CANARY.repeat(2));
    chmodSync(path, 0o640);
    expect(refusal(() => loadConfig({ flags: {}, env: {}, configPath: path }))).toMatch(
      /holds admin_token and is open to others than its owner \(mode 640\)\. Run chmod 600 on it\.$/,
    );
  });

  it("that cannot be read is no missing file", () => {
    expect(refusal(() => loadConfig({ flags: {}, env: {}, configPath: folder }))).toMatch(/is not a file of at most/);
  });
});

describe("warnings", () => {
  it.each([
    [{ temp_token_links: "on" }, /^temp_token_links is on/],
    [{ session_identities: "on" }, /^session_identities is on/],
    [{ allow_private_upstreams: "10.1.0.0/16" }, /10\.1\.0\.0\/16\.$/],
    [{ public_url: "http://keyward.example.com" }, /plain http.*OAuth is off/],
  ])("name each weakened check: %o", (flags, expected) => {
    const { warnings } = load({ flags });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(expected);
  });

  it("do not name http on loopback, nor https", () => {
    for (const url of ["http://localhost:9", "http://[::1]:9", "http://127.0.0.1", "https://keyward.example.com"]) {
      expect(load({ flags: { public_url: url } }).warnings).toEqual([]);
    }
  });

  it("name a variable that is probably misspelled, and no foreign one", () => {
    expect(
      load({ env: { KEYWARD_PUBLIC_ULR: "x", KEYWARD_SERVICE_HOST: "10.0.0.1", KEYWARD_URL: "http://x" } }).warnings,
    ).toEqual(["KEYWARD_PUBLIC_ULR is not an option and is ignored. Did you mean KEYWARD_PUBLIC_URL?"]);
  });
});

it("A39: a printed configuration shows no secret", () => {
  const config = load({ env: { KEYWARD_ADMIN_TOKEN: CANARY.repeat(2), KEYWARD_ENCRYPTION_KEY: CANARY } });
  expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain(CANARY);
});
