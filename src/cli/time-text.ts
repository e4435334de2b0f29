const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d{1,6})([smhd])$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

export const DURATION_HELP = "such as 15m, 24h or 90d";

/** @returns milliseconds of `90d`, `24h`, `15m`, `30s`; null when it is none */
export function parseDuration(text: string): number | null {
  const [, amount, unit = ""] = DURATION.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return ms > 0 ? ms : null;
}

/** @returns milliseconds since the epoch of `2026-03-01` (UTC) or `2026-03-01T12:00:00Z`; null when it is none */
export function parseInstant(text: string): number | null {
  const ms = ISO_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}
