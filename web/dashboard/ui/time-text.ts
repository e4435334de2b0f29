const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ["year", 365 * 86_400_000],
  ["month", 30 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

// The pages are in English, so their times are too, on a clock of 24 hours.
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** "just now", "5 minutes ago", "in 3 days". Clocks differ by seconds, so that the last minute has no sign. */
export function timeFromNow(at: number, now: number): string {
  const distance = at - now;
  const found = UNITS.find(([, ms]) => Math.abs(distance) >= ms);
  return found === undefined ? "just now" : RELATIVE.format(Math.trunc(distance / found[1]), found[0]);
}

/** "27 Nov 2025, 11:20" */
export function exactTime(at: number): string {
  return EXACT.format(at);
}

/** "27 Nov 2025" */
export function dateText(at: number): string {
  return DATE.format(at);
}
