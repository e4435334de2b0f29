import { isIP } from "node:net";
import { resolve } from "node:path";
import { isKeywardError } from "../../core/errors.ts";
import { isPrintable } from "../../core/printable.ts";
import { Secret } from "../../core/secret.ts";
import { parseAllowEntry } from "../../upstream/egress/allow-list.ts";
import { type Cidr, parseCidr } from "../client-address.ts";
import type { DatabaseSource } from "./database-source.ts";
import { configInvalid, type Raw } from "./option.ts";

const MAX_LIST_ITEMS = 100;
const VISIBLE = /^[\x21-\x7e]+$/;
const HOST_NAME = /^(?!.*\.\.)[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

function single(raw: Raw): string {
  if (typeof raw !== "string") {
    throw configInvalid("takes one value, not a list");
  }
  return raw;
}

function list(raw: Raw): readonly string[] {
  const items = typeof raw === "string" ? raw.split(",") : raw;
  const trimmed = items.map((item) => item.trim());
  if (trimmed.length > MAX_LIST_ITEMS || trimmed.includes("")) {
    throw configInvalid(`must be 1 to ${MAX_LIST_ITEMS} entries, separated by commas, none of them empty`);
  }
  return trimmed;
}

export function wholeNumber(min: number, max: number): (raw: Raw) => number {
  return (raw) => {
    const text = single(raw);
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      throw configInvalid(`must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}

/** A TCP port; 0 = any that is free. */
export function port(raw: Raw): number {
  const text = single(raw);
  if (text.startsWith("tcp://")) {
    // Kubernetes puts `<SERVICE>_PORT=tcp://...` into every pod, and the service is likely called keyward.
    throw configInvalid(
      "must be a whole number from 0 to 65535. Kubernetes sets this variable for a service named keyward: set enableServiceLinks to false in the pod",
    );
  }
  return wholeNumber(0, 65_535)(text);
}

export function onOff(raw: Raw): boolean {
  switch (single(raw).toLowerCase()) {
    case "on":
    case "true":
      return true;
    case "off":
    case "false":
      return false;
    default:
      throw configInvalid("must be on or off");
  }
}

export function oneOf<const T extends string>(...values: readonly T[]): (raw: Raw) => T {
  return (raw) => {
    const text = single(raw);
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) {
      throw configInvalid(`must be one of ${values.join(", ")}`);
    }
    return value;
  };
}

/** An address without brackets, or a host name. */
export function host(raw: Raw): string {
  const text = single(raw).toLowerCase();
  if (isIP(text) === 0 && !HOST_NAME.test(text)) {
    throw configInvalid("must be an IP address (IPv6 without brackets) or a host name, without a port");
  }
  return text;
}

/** @returns `scheme://host[:port]`, without a trailing slash */
export function publicUrl(raw: Raw): string {
  const text = single(raw);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isBare =
    url !== null &&
    url.pathname === "/" &&
    !text.includes("?") &&
    !text.includes("#") &&
    // An `@` is userinfo, even an empty one.
    !text.includes("@");
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:") || !isBare) {
    throw configInvalid(
      "must be an http or https URL of a host, such as https://keyward.example.com, without user name, path, query or fragment",
    );
  }
  return url.origin;
}

export function databaseUrl(raw: Raw): DatabaseSource {
  const text = single(raw);
  if (/^postgres(ql)?:/i.test(text)) {
    return { kind: "postgres", url: postgresUrl(text) };
  }
  const path = /^sqlite:(?!\/\/(?!\/))(?<path>[^?#\0]+)$/.exec(text)?.groups?.["path"];
  if (path === undefined || path.endsWith("/")) {
    throw configInvalid(
      "must be sqlite:<path of a file>, such as sqlite:./data/keyward.db, or postgres://<user>@<host>/<database>",
    );
  }
  if (path.includes(":memory:")) {
    throw configInvalid("must be sqlite:<path of a file>: a database in memory would forget every credential");
  }
  return { kind: "sqlite", path: resolve(path) };
}

/** Nothing of it is quoted: it may hold a password. */
function postgresUrl(text: string): Secret<string> {
  const url = URL.parse(text);
  if (url === null || url.host === "" || url.pathname.length < 2 || url.pathname.includes("/", 1)) {
    throw configInvalid(
      "must be postgres://<user>:<password>@<host>:<port>/<database>; write special characters of the password in percent encoding",
    );
  }
  return new Secret(text);
}

export function path(raw: Raw): string {
  const text = single(raw);
  if (text === "" || text.includes("\0")) {
    throw configInvalid("must be the path of a file");
  }
  return resolve(text);
}

export function secret(minLength: number, maxLength: number): (raw: Raw) => Secret<string> {
  return (raw) => {
    const text = single(raw);
    if (text.length < minLength || text.length > maxLength || !VISIBLE.test(text)) {
      throw configInvalid(`must be ${minLength} to ${maxLength} visible ASCII characters without spaces`);
    }
    return new Secret(text);
  };
}

/** Hosts, addresses and networks that the egress guard will read; judged here so that the start stops, not a call. */
export function allowedUpstreams(raw: Raw): readonly string[] {
  const entries = list(raw);
  for (const entry of entries) {
    try {
      parseAllowEntry(entry);
    } catch (error) {
      if (isKeywardError(error, "config_invalid")) {
        throw configInvalid(`has an entry that cannot be used: ${error.message.replace(/^[A-Z_]+: |\.$/g, "")}`);
      }
      throw error;
    }
  }
  return entries;
}

/** The issuer of single sign-on, as it names itself. Plain http only on this machine: a code and a secret go there. */
export function issuerUrl(raw: Raw): string {
  const text = single(raw);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPrivateHttp = url?.protocol === "http:" && LOOPBACK_HOSTS.has(url.hostname);
  if (url === null || (url.protocol !== "https:" && !isPrivateHttp) || /[@?#\\]/.test(text)) {
    throw configInvalid(
      "must be the https URL of an issuer, such as https://login.example.com, without user name, query or fragment",
    );
  }
  return text;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Host names, in lower case. */
export function domains(raw: Raw): readonly string[] {
  return list(raw).map((entry) => {
    const domain = entry.toLowerCase();
    if (!HOST_NAME.test(domain) || !domain.includes(".") || isIP(domain) !== 0) {
      throw configInvalid("must be domains such as example.com, without @ and without wildcard");
    }
    return domain;
  });
}

/** Names as somebody else has given them: compared letter by letter. */
export function names(raw: Raw): readonly string[] {
  return list(raw).map((entry) => shortText(200)(entry));
}

/** Printable text of one line. */
export function shortText(maxLength: number): (raw: Raw) => string {
  return (raw) => {
    const text = single(raw);
    if (text.length > maxLength || text !== text.trim() || !isPrintable(text)) {
      throw configInvalid(`must be 1 to ${maxLength} printable characters without outer spaces`);
    }
    return text;
  };
}

/** Proxies whose `X-Forwarded-For` is believed. */
export function proxies(raw: Raw): readonly Cidr[] {
  return list(raw).map((entry) => {
    const cidr = parseCidr(entry);
    // CVE-2025-54576: proxies trusted by 0.0.0.0/0 let every caller name its own address.
    if (cidr === null || cidr[1] === 0) {
      throw configInvalid("must be addresses or networks such as 10.1.2.3 or 10.0.0.0/8, and not all addresses");
    }
    return cidr;
  });
}

const WORD = /\s*(?:"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<bare>[^\s"']+))(?=\s|$)/y;

/** Program and arguments. One text is split at spaces; quotes keep a part together; there is no shell. */
export function commandLine(raw: Raw): readonly string[] {
  const words = typeof raw === "string" ? splitWords(raw.trim()) : raw;
  if (words === null || words.length === 0 || words[0] === "" || words.some((word) => word.includes("\0"))) {
    throw configInvalid("must be a program with its arguments, each quoted as a whole or not at all");
  }
  return words;
}

function splitWords(text: string): readonly string[] | null {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.length) {
    const groups = WORD.exec(text)?.groups;
    if (groups === undefined) {
      return null;
    }
    words.push(groups["double"] ?? groups["single"] ?? groups["bare"] ?? "");
  }
  return words;
}
