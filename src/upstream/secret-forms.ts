/** Shorter values would hit ordinary text: a tenant id of `42` is not worth a broken result. */
const MIN_LENGTH = 8;

/** What to look for in an answer, so that it holds none of some secrets. */
export interface SecretForms {
  /** The secrets as they are and in the encodings that servers repeat them in. */
  readonly plain: readonly string[];
  /** Whether a plain encoder would write an escape for one of their characters: a quote, a backslash, a tab, non-ASCII. */
  readonly isEscaped: boolean;
}

const NEEDS_ESCAPE = /[^\x20-\x7e]|["\\]/;

/**
 * @param values header values: each without its scheme (`Bearer`), as it is, in base64 at any alignment, hexadecimal and
 *   URL-encoded
 */
export function formsOf(values: Iterable<string>): SecretForms {
  const plain: string[] = [];
  let isEscaped = false;
  for (const value of values) {
    for (const secret of secretsIn(value)) {
      isEscaped ||= NEEDS_ESCAPE.test(secret);
      addEncodings(plain, secret);
    }
  }
  return { plain, isEscaped };
}

// Words before a space that are no part of a secret, so that only what follows has to be looked for.
const SCHEMES: ReadonlySet<string> = new Set(["bearer", "basic", "token", "apikey", "key"]);

/** What is secret in a value: of `Bearer abc` a server may repeat only `abc`, of `Basic ...` only the password. */
function secretsIn(value: string): readonly string[] {
  const [, word = "", credentials = ""] = /^([A-Za-z]{1,20}) +(\S+)$/.exec(value) ?? [];
  const scheme = word.toLowerCase();
  const basic = scheme === "basic" ? decodeBasic(credentials) : [];
  const whole = SCHEMES.has(scheme) && credentials.length >= MIN_LENGTH ? [] : [value];
  return [...whole, credentials, ...basic].filter((secret) => secret.length >= MIN_LENGTH);
}

function decodeBasic(credentials: string): readonly string[] {
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  return [pair, pair.slice(pair.indexOf(":") + 1)];
}

function addEncodings(forms: string[], secret: string): void {
  const bytes = Buffer.from(secret, "utf8");
  const hex = bytes.toString("hex");
  forms.push(secret, hex, hex.toUpperCase());
  if (!/^[\w.-]+$/.test(secret)) {
    addUrlEncodings(forms, secret);
  }
  const binary = bytes.toString("latin1");
  for (const offset of [0, 1, 2] as const) {
    const base64 = base64Inside(binary, offset);
    if (base64.length < MIN_LENGTH) continue;
    forms.push(base64);
    if (/[+/]/.test(base64)) forms.push(base64.replaceAll("+", "-").replaceAll("/", "_"));
  }
}

function addUrlEncodings(forms: string[], secret: string): void {
  const url = encodeURIComponent(secret);
  // Others than ECMAScript escape these as well (RFC 3986, section 2.2).
  const strict = url.replaceAll(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const upperCase = [url, strict];
  const lowerCase = upperCase.map((text) => text.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()));
  const all = [...upperCase, ...lowerCase];
  forms.push(...new Set([...all, ...all.map((text) => text.replaceAll("%20", "+"))]));
}

/** What stands in the base64 of any bytes that hold the secret after `offset` (modulo 3) others. */
function base64Inside(bytes: string, offset: 0 | 1 | 2): string {
  // Characters that also carry bits of a neighbour are not the secret's alone.
  const end = Math.floor(((offset + bytes.length) * 4) / 3);
  return btoa(offset === 0 ? bytes : "\0".repeat(offset) + bytes).slice([0, 2, 3][offset], end);
}
