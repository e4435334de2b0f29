const DAY_MS = 86_400_000;

/** What a select offers. `keep`: as it is, when a key is edited. */
export const EXPIRIES: readonly (readonly [value: string, label: string])[] = [
  ["never", "Never"],
  ["7", "In 7 days"],
  ["30", "In 30 days"],
  ["90", "In 90 days"],
  ["365", "In a year"],
];

/** @returns when a key that is chosen to expire in `choice` days does; null = never */
export function expiryOf(choice: string, now: number): number | null {
  return choice === "never" ? null : now + Number(choice) * DAY_MS;
}
