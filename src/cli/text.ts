import { styleText } from "node:util";
import { toPrintable } from "../core/printable.ts";

const MAX_CELL = 200;
const GAP = "  ";

export type Style = (kind: "bold" | "dim" | "red" | "yellow" | "green" | "cyan", text: string) => string;

/** Colours for a terminal whose owner has not declined them (no-color.org). */
export function styleFor(
  output: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Style {
  const isColoured = output.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return (kind, text) => (isColoured ? styleText(kind, text, { validateStream: false }) : text);
}

/** Foreign text on a terminal: no control characters, which could move the cursor or rewrite what stands there. */
export function cell(text: string): string {
  const printable = toPrintable(text, MAX_CELL + 1);
  return printable.length > MAX_CELL ? `${printable.slice(0, MAX_CELL - 1)}…` : printable;
}

/** Columns as wide as their widest cell, the header in capitals. Without rows it is the line `whenEmpty`. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[], whenEmpty: string): string {
  if (rows.length === 0) {
    return `${whenEmpty}\n`;
  }
  const lines = [headers.map((header) => header.toUpperCase()), ...rows.map((row) => row.map(cell))];
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => `${padded(line, widths).trimEnd()}\n`).join("");
}

/** `name    value` lines, the names aligned. */
export function factsList(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${padded([name, value], [width, 0]).trimEnd()}\n`).join("");
}

function padded(cells: readonly string[], widths: readonly number[]): string {
  return cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(GAP);
}

/** `2026-03-01 12:30Z`; `-` for none. */
export function when(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    return "-";
  }
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)}Z`;
}

/** A token as a person recognises it: `kw_AbCd…`. */
export function shortened(token: string): string {
  return `${token.slice(0, token.indexOf("_") + 5)}…`;
}

export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
