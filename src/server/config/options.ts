import { option, type Option } from "./option.ts";
import * as parse from "./parse-value.ts";

const THE_OTHERS = "Not together with another encryption key.";

/**
 * Every option, by its name in `keyward.yaml`. The environment variable is `KEYWARD_` and the name in upper case, the
 * flag is the name with hyphens. Parsing, `--help` and `docs/configuration.md` come from this table.
 */
export const OPTIONS = {
  host: option({
    type: "IP address or host name",
    defaultText: "127.0.0.1",
    limits: "an address of this machine; any but a loopback one needs `public_url`",
    summary: "address to listen on",
    argument: "<address>",
    parse: parse.host,
  }),
  port: option({
    type: "whole number",
    defaultText: "4180",
    limits: "0 to 65535; 0 = any free port",
    summary: "port to listen on",
    argument: "<number>",
    parse: parse.port,
  }),
  public_url: option({
    type: "URL",
    defaultMeaning: "`http://<host>:<port>` on a loopback host",
    limits: "http or https; no user name, path, query or fragment",
    summary: "URL at which people and clients reach Keyward",
    details:
      "The base of every link. It is never derived from a request, because a caller chooses the `Host` header. Use https: with plain http on a host that is not loopback, keys cross the network in clear text, and every start warns of it.",
    argument: "<url>",
    parse: parse.publicUrl,
  }),
  database_url: option({
    type: "`sqlite:<path>` or `postgres://<user>:<password>@<host>:<port>/<database>`",
    defaultText: "sqlite:./data/keyward.db",
    limits:
      "SQLite: a file on a local disk; a relative path starts at the working directory. PostgreSQL 14 or newer, encoding UTF8",
    summary: "where the database is",
    details:
      "SQLite is for one machine: the folder is made when it is missing, and the file is readable by its owner only. PostgreSQL is for any number of gateways on one database, which has to be there; Keyward makes its tables. It needs an encryption key that is configured. Arguments may be seen by other users of the machine: give a URL with a password by the environment or the file.",
    argument: "<url>",
    scope: "store",
    parse: parse.databaseUrl,
  }),
  encryption_key: option({
    type: "base64 text",
    defaultMeaning: "a key file beside the SQLite database",
    limits: "base64 of exactly 32 bytes; no passphrase",
    summary: "key that encrypts the data keys",
    details:
      "Make one with `keyward vault generate-key`. At most one of `encryption_key`, `encryption_key_file` and `encryption_key_command` may be set, in all sources together: which of two keys counts is never a guess. Without any of them, the first start on SQLite makes a key file `<database file>.key`, readable by its owner only. Keep a copy of the key apart from the backups of the database: each is useless without the other.",
    isSecret: true,
    scope: "store",
    parse: parse.secret(1, 512),
  }),
  encryption_key_file: option({
    type: "path",
    limits: "a regular file of one line, accessible to its owner only (mode 0600)",
    summary: "file with the encryption key",
    details: THE_OTHERS,
    argument: "<path>",
    scope: "store",
    parse: parse.path,
  }),
  encryption_key_command: option({
    type: "program and arguments; in YAML also a list",
    limits: "answers within 10 seconds; run without a shell",
    summary: "program that wraps and unwraps data keys (KMS, HSM)",
    details: `It is run with \`wrap\` or \`unwrap\` as its last argument, reads one line of base64 and writes base64. Its arguments may be seen by other users of the machine: keep secrets out of them. ${THE_OTHERS}`,
    argument: "<command>",
    scope: "store",
    parse: parse.commandLine,
  }),
  admin_token: option({
    type: "text",
    limits: "32 to 512 visible ASCII characters",
    summary: "bearer token for the REST API and this command line",
    details:
      "The gateway accepts it beside the admin tokens that it has issued; commands that talk to a running gateway present it. With it no setup token is offered; without it, trade the one that the first start prints: `keyward setup`.",
    isSecret: true,
    parse: parse.secret(32, 512),
  }),
  temp_token_links: option({
    type: "on or off",
    defaultText: "off",
    limits: "`on` or `off`",
    summary: "let a link alone open the form",
    details:
      "When on, links of virtual keys and sessions carry a short-lived token in their fragment, and whoever holds the link may type values. Never for links of signed-in users. **Weakens a check**: every start warns of it.",
    argument: "<on|off>",
    parse: parse.onOff,
  }),
  session_identities: option({
    type: "on or off",
    defaultText: "off",
    limits: "`on` or `off`",
    summary: "accept a Keyward-Session header as identity",
    details:
      "When on, a request may name itself with `Keyward-Session: <32 or more characters>`; whoever knows the text is that identity. **Weakens a check**: every start warns of it.",
    argument: "<on|off>",
    parse: parse.onOff,
  }),
  oauth_registration: option({
    type: "on or off",
    defaultText: "on",
    limits: "`on` or `off`",
    summary: "let OAuth clients register themselves",
    details:
      "With `on`, an MCP client that is not known yet registers itself (RFC 7591) and is shown to people as unverified. With `off`, only clients with a metadata document under an https URL of their own connect by OAuth. Virtual keys are not affected.",
    argument: "<on|off>",
    parse: parse.onOff,
  }),
  orphan_retention_days: option({
    type: "whole number",
    unit: "days",
    defaultText: "30",
    limits: "0 to 3650; 0 = keep for ever",
    summary: "how long values are kept after access is lost",
    details: "Until then they are kept unused, and work again when access returns. Then they are deleted.",
    argument: "<days>",
    scope: "store",
    parse: parse.wholeNumber(0, 3650),
  }),
  allow_private_upstreams: option({
    type: "comma-separated list; in YAML also a list",
    limits: "1 to 100 host names, addresses or networks; no wildcard; link-local and metadata addresses never",
    summary: "servers outside the public internet that may be dialled",
    details:
      "Keyward dials public addresses only. Whatever lies in a private network must be listed, loopback too: `127.0.0.1,10.1.0.0/16,mcp.internal`. **Weakens a check**: every start warns of it.",
    argument: "<list>",
    parse: parse.allowedUpstreams,
  }),
  trusted_proxies: option({
    type: "comma-separated list; in YAML also a list",
    limits: "1 to 100 addresses or networks; not all addresses (`0.0.0.0/0`)",
    summary: "proxies whose X-Forwarded-For is believed",
    details:
      "It decides which client address people and the audit log are told, and which one sign-ins are counted for. Nobody is let in for an address, and the public URL never comes from a proxy's header.",
    argument: "<list>",
    parse: parse.proxies,
  }),
  oidc_issuer: option({
    type: "URL",
    limits:
      "https, or http on a loopback host; as the issuer names itself; needs `oidc_client_id`, `oidc_client_secret` and `oidc_allowed_domains`",
    summary: "OpenID Connect issuer for single sign-on",
    details:
      "People may then sign in there, and with a password where they have one. Register `<public_url>/api/v1/sso/callback/oidc` as redirect URI. The issuer must say `email_verified`. Whoever comes the first time becomes a user; an address that a user here has already is never taken over.",
    argument: "<url>",
    parse: parse.issuerUrl,
  }),
  oidc_client_id: option({
    type: "text",
    limits: "1 to 200 printable characters",
    summary: "client id that the issuer has given to Keyward",
    argument: "<id>",
    parse: parse.shortText(200),
  }),
  oidc_client_secret: option({
    type: "text",
    limits: "1 to 512 visible ASCII characters",
    summary: "client secret that belongs to the client id",
    isSecret: true,
    parse: parse.secret(1, 512),
  }),
  oidc_allowed_domains: option({
    type: "comma-separated list; in YAML also a list",
    limits: "1 to 100 domains; a subdomain is another one; no wildcard",
    summary: "domains of e-mail addresses that may sign in",
    details: "There is no default: an issuer that serves everybody would let everybody in.",
    argument: "<list>",
    parse: parse.domains,
  }),
  oidc_admin_groups: option({
    type: "comma-separated list; in YAML also a list",
    limits: "1 to 100 names, compared letter by letter",
    summary: "groups of the issuer whose members administer",
    details:
      "When set, the issuer decides at every sign-in whether somebody who signs in there is an administrator; no group is no administrator. The last administrator stays one. Without it, everybody comes as a user and administrators give the role here.",
    argument: "<list>",
    parse: parse.names,
  }),
  oidc_groups_claim: option({
    type: "text",
    defaultText: "groups",
    limits: "1 to 100 printable characters",
    summary: "claim in which the issuer names groups",
    argument: "<name>",
    parse: parse.shortText(100),
  }),
  oidc_label: option({
    type: "text",
    defaultText: "single sign-on",
    limits: "1 to 40 printable characters",
    summary: "name of the issuer on the sign-in page",
    details: "The button says: Continue with, and this.",
    argument: "<text>",
    parse: parse.shortText(40),
  }),
  metrics_token: option({
    type: "text",
    defaultMeaning: "an admin token is needed",
    limits: "32 to 512 visible ASCII characters; not the admin token",
    summary: "bearer token for /metrics, and for nothing else",
    details:
      "What a scraper presents: `Authorization: Bearer <token>`. Without it `/metrics` takes admin tokens only, and a scraper has no need for one of those.",
    isSecret: true,
    parse: parse.secret(32, 512),
  }),
  shutdown_delay: option({
    type: "whole number",
    unit: "seconds",
    defaultText: "0",
    limits: "0 to 300",
    summary: "how long calls are still taken after a stop is asked for",
    details:
      "`/readyz` says no from the first moment. Set it to what a load balancer needs to notice; without one, leave it at 0. Then nothing new is taken, and what is under way has 30 seconds.",
    argument: "<seconds>",
    parse: parse.wholeNumber(0, 300),
  }),
  log_level: option({
    type: "word",
    defaultText: "info",
    limits: "`debug`, `info`, `warn`, `error` or `silent`",
    summary: "least important events that are logged",
    details: "No level logs a value, a token or a body.",
    argument: "<level>",
    scope: "store",
    parse: parse.oneOf("debug", "info", "warn", "error", "silent"),
  }),
  log_format: option({
    type: "word",
    defaultMeaning: "`pretty` on a terminal, otherwise `json`",
    limits: "`json` or `pretty`",
    summary: "one JSON object a line, or lines for a person",
    details:
      "The log goes to standard error. A running gateway writes its lines together, a tenth of a second after the first; a " +
      "warning or an error is written at once, with all before it. Only a process that is killed loses the lines that wait.",
    argument: "<format>",
    scope: "store",
    parse: parse.oneOf("json", "pretty"),
  }),
} as const satisfies Readonly<Record<string, Option<unknown>>>;

export type OptionName = keyof typeof OPTIONS;

export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS) as OptionName[];

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

export function environmentVariable(name: OptionName): string {
  return `KEYWARD_${name.toUpperCase()}`;
}

export function flagOf(name: OptionName): string {
  return `--${name.replaceAll("_", "-")}`;
}
