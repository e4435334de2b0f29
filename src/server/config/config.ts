import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { oauthAvailability } from "../../core/oauth-resource.ts";
import type { Secret } from "../../core/secret.ts";
import type { Cidr } from "../client-address.ts";
import type { DatabaseSource } from "./database-source.ts";
import { configInvalid, type ValueOf } from "./option.ts";
import { environmentVariable, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";
import { readSources, type Sources, type SourcesInput } from "./sources.ts";

/** Where the key-encryption key comes from. */
export type EncryptionKeySource =
  | { readonly kind: "key"; readonly key: Secret<string> }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly argv: readonly string[] }
  /** Nothing is configured: a file beside the SQLite database, made by the first start. */
  | { readonly kind: "generated_file"; readonly path: string };

/** Who else may say who somebody is. */
interface SingleSignOnConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret<string>;
  readonly allowedDomains: readonly string[];
  readonly adminGroups: readonly string[];
  readonly groupsClaim: string;
  readonly label: string;
}

/** What Keyward runs on: every value judged, every default filled in. */
export interface Config {
  readonly host: string;
  /** Whether `host` is reached from this machine only. */
  readonly isLoopback: boolean;
  /** 0 = any free port. */
  readonly port: number;
  /** `scheme://host[:port]`. null = where Keyward listens, which then is a loopback address: `loopbackUrl(host, port)`. */
  readonly publicUrl: string | null;
  readonly database: DatabaseSource;
  readonly encryptionKey: EncryptionKeySource;
  readonly adminToken: Secret<string> | null;
  /** Reads `/metrics`; null = only admin tokens do. */
  readonly metricsToken: Secret<string> | null;
  readonly areTempTokenLinksEnabled: boolean;
  readonly areSessionIdentitiesEnabled: boolean;
  readonly isOauthRegistrationEnabled: boolean;
  /** Milliseconds; 0 = keep for ever. */
  readonly orphanRetentionMs: number;
  /** Host names, addresses and networks, for the egress guard. */
  readonly allowedPrivateUpstreams: readonly string[];
  readonly trustedProxies: readonly Cidr[];
  /** null = passwords only. */
  readonly singleSignOn: SingleSignOnConfig | null;
  /** Milliseconds between being not ready and taking no call. */
  readonly shutdownDelayMs: number;
  readonly logLevel: ValueOf<typeof OPTIONS.log_level>;
  /** null = `pretty` when the log goes to a terminal, else `json`. */
  readonly logFormat: ValueOf<typeof OPTIONS.log_format> | null;
  /** Every check that this configuration weakens, and every likely mistake: said at each start and by `doctor`. */
  readonly warnings: readonly string[];
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Reads the configuration: flags over environment over `keyward.yaml`.
 * @throws KeywardError `config_invalid`: one message that names the option, where it was set and what is accepted
 */
export function loadConfig(input: SourcesInput): Config {
  const sources = readSources(input);
  const host = required(sources, "host");
  const isLoopback = isLoopbackHost(host);
  const publicUrl = value(sources, "public_url");
  if (publicUrl === null && !isLoopback) {
    throw configInvalid(
      `public_url (${environmentVariable("public_url")}) is needed when host is not a loopback address: it is the base of every link, and is never derived from a request.`,
    );
  }
  const database = required(sources, "database_url");
  const config = {
    host,
    isLoopback,
    port: required(sources, "port"),
    publicUrl,
    database,
    encryptionKey: encryptionKeySource(sources, database),
    adminToken: value(sources, "admin_token"),
    metricsToken: value(sources, "metrics_token"),
    areTempTokenLinksEnabled: required(sources, "temp_token_links"),
    areSessionIdentitiesEnabled: required(sources, "session_identities"),
    isOauthRegistrationEnabled: required(sources, "oauth_registration"),
    orphanRetentionMs: required(sources, "orphan_retention_days") * DAY_MS,
    allowedPrivateUpstreams: value(sources, "allow_private_upstreams") ?? [],
    trustedProxies: value(sources, "trusted_proxies") ?? [],
    singleSignOn: singleSignOn(sources),
    shutdownDelayMs: required(sources, "shutdown_delay") * 1_000,
    logLevel: required(sources, "log_level"),
    logFormat: value(sources, "log_format"),
  };
  return { ...config, warnings: [...sources.warnings, ...warningsOf(config)] };
}

/** The public URL of a gateway that listens on a loopback host and has no other. */
export function loopbackUrl(host: string, port: number): string {
  return new URL(`http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`).origin;
}

function value<N extends OptionName>(sources: Sources, name: N): ValueOf<(typeof OPTIONS)[N]> | null {
  const { parse, defaultText } = OPTIONS[name];
  const given = sources.given.get(name);
  if (given === undefined) {
    return defaultText === null ? null : (parse(defaultText) as ValueOf<(typeof OPTIONS)[N]>);
  }
  try {
    return parse(given.raw) as ValueOf<(typeof OPTIONS)[N]>;
  } catch (error) {
    const what = error instanceof Error ? error.message : "is not acceptable";
    throw configInvalid(`${name}, set by ${given.source}, ${what}.`);
  }
}

function required<N extends OptionName>(sources: Sources, name: N): ValueOf<(typeof OPTIONS)[N]> {
  const found = value(sources, name);
  if (found === null) {
    throw configInvalid(`${name} is not set.`);
  }
  return found;
}

function encryptionKeySource(sources: Sources, database: DatabaseSource): EncryptionKeySource {
  const names = ["encryption_key", "encryption_key_file", "encryption_key_command"] as const;
  const given = names.flatMap((name) => sources.given.get(name)?.source ?? []);
  if (given.length > 1) {
    throw configInvalid(`Set only one encryption key. There are ${given.length}: ${given.join(", ")}.`);
  }
  const key = value(sources, "encryption_key");
  if (key !== null) {
    return { kind: "key", key };
  }
  const file = value(sources, "encryption_key_file");
  if (file !== null) {
    return { kind: "file", path: file };
  }
  const argv = value(sources, "encryption_key_command");
  if (argv !== null) {
    return { kind: "command", argv };
  }
  if (database.kind === "postgres") {
    throw configInvalid(
      "With PostgreSQL an encryption key has to be configured: every gateway on the database needs the same one. Make one with keyward vault generate-key, and set KEYWARD_ENCRYPTION_KEY.",
    );
  }
  return { kind: "generated_file", path: `${database.path}.key` };
}

/** All of it or none of it: half a configuration is a slip. */
function singleSignOn(sources: Sources): SingleSignOnConfig | null {
  const issuer = value(sources, "oidc_issuer");
  if (issuer === null) {
    const stray = OIDC_OPTIONS.find((name) => sources.given.has(name));
    if (stray !== undefined) {
      throw configInvalid(`${stray}, set by ${sources.given.get(stray)?.source ?? ""}, needs oidc_issuer.`);
    }
    return null;
  }
  const needed = <N extends OptionName>(name: N): ValueOf<(typeof OPTIONS)[N]> => {
    const found = value(sources, name);
    if (found === null) {
      throw configInvalid(`oidc_issuer needs ${name} (${environmentVariable(name)}).`);
    }
    return found;
  };
  return {
    issuer,
    clientId: needed("oidc_client_id"),
    clientSecret: needed("oidc_client_secret"),
    allowedDomains: needed("oidc_allowed_domains"),
    adminGroups: value(sources, "oidc_admin_groups") ?? [],
    groupsClaim: required(sources, "oidc_groups_claim"),
    label: required(sources, "oidc_label"),
  };
}

const OIDC_OPTIONS = OPTION_NAMES.filter((name) => name.startsWith("oidc_"));

/** RFC 6761 section 6.3: `localhost` is loopback. Any other name could lead anywhere. */
function isLoopbackHost(host: string): boolean {
  return host === "localhost" || (isIP(host) !== 0 && ipaddr.process(host).range() === "loopback");
}

function warningsOf(config: Omit<Config, "warnings">): readonly string[] {
  const warnings: string[] = [];
  if (config.areTempTokenLinksEnabled) {
    warnings.push("temp_token_links is on: whoever holds a link may type values into it.");
  }
  if (config.areSessionIdentitiesEnabled) {
    warnings.push("session_identities is on: whoever knows a session's text is that identity.");
  }
  if (config.allowedPrivateUpstreams.length > 0) {
    warnings.push(
      `allow_private_upstreams lets Keyward dial outside the public internet: ${config.allowedPrivateUpstreams.join(", ")}.`,
    );
  }
  if (config.publicUrl !== null && !oauthAvailability(config.publicUrl).isEnabled) {
    warnings.push(
      "public_url is plain http: keys cross the network in clear text, and OAuth is off, so that MCP clients connect by virtual key only. Put https in front of Keyward.",
    );
  }
  return warnings;
}
