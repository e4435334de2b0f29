/**
 * What a `User-Agent` header (RFC 9110 section 10.1.5) comes to in words that a person knows: `Firefox on Linux`. Only
 * words of the lists below, so nothing that a client says of itself is stored or shown.
 *
 * @returns null when nothing of it is known
 */
export function clientNameOf(userAgent: string | null | undefined): string | null {
  const text = (userAgent ?? "").slice(0, MAX_LENGTH);
  const words = [firstMatch(PROGRAMS, text), firstMatch(SYSTEMS, text)].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(" on ");
}

const MAX_LENGTH = 512;

type Names = readonly (readonly [word: string, pattern: RegExp])[];

// Most browsers also name those that they want to be taken for, so the order decides.
const PROGRAMS: Names = [
  ["Edge", /\bEdg(?:e|A|iOS)?\//],
  ["Opera", /\bOPR\/|\bOpera\b/],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Vivaldi", /\bVivaldi\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|HeadlessChrome|Chromium|CriOS)\//],
  ["Safari", /\bSafari\//],
  ["curl", /^curl\//],
  ["Wget", /^Wget\//],
  ["Postman", /^PostmanRuntime\//],
  ["Python", /^(?:python|Python)[-/]/],
  ["Go", /^Go-http-client\//],
  ["Node.js", /^(?:node|undici)\b/],
];

const SYSTEMS: Names = [
  ["Android", /\bAndroid\b/],
  ["iPadOS", /\biPad\b/],
  ["iOS", /\b(?:iPhone|iPod)\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b|\bMacintosh\b/],
  ["Linux", /\bLinux\b|\bX11\b/],
];

function firstMatch(names: Names, text: string): string | null {
  return names.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
