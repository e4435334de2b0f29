import type { EngineName } from "./deployment.ts";

/** What a figure has to be. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table. */
export interface Measure {
  /** What was done. */
  readonly what: string;
  /** The floor, rival or smaller size that it is measured against, in the same run. */
  readonly against: string;
  /** What the number is: a ratio, or a number with its unit. */
  readonly figure: string;
  readonly value: number;
  /** `x`, `us`, `ms`, `bytes`, or empty for a count. */
  readonly unit: string;
  /** The numbers behind it. */
  readonly detail: string;
  /** Null for what is only told. */
  readonly goal: Goal | null;
}

export interface Setting {
  /** Small counts: shows that it works, not how fast it is. */
  readonly isQuick: boolean;
  /** Also tells by function where Keyward's time goes, for the rows that can. */
  readonly isProfiling: boolean;
  /** Says what is being done, to a person who waits. */
  readonly say: (text: string) => void;
}

/** A part of the bench that can be run alone. It starts what it needs, and leaves nothing behind. */
export interface Row {
  readonly name: string;
  /** Left out where there is no PostgreSQL. */
  readonly needsPostgres?: boolean;
  readonly run: (setting: Setting) => Promise<readonly Measure[]>;
}

/** Null when there is no goal. */
export function isMet({ value, goal }: Pick<Measure, "value" | "goal">): boolean | null {
  if (goal === null) {
    return null;
  }
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** What was done, on which engine: SQLite is not named, it is what Keyward has where nothing is configured. */
export function titleOn(engine: EngineName, what: string): string {
  return engine === "SQLite" ? what : `${what}, ${engine}`;
}

/** Without what this machine cannot tell. */
export function toldOnly(measures: readonly Measure[]): readonly Measure[] {
  return measures.filter(({ value }) => !Number.isNaN(value));
}

/** A ratio of two numbers of one kind, which are told with it. */
export function ratio(
  [value, base]: readonly [number, number],
  unit: string,
): Pick<Measure, "value" | "unit" | "detail"> {
  return { value: value / base, unit: "x", detail: `${rounded(value)} / ${rounded(base)} ${unit}` };
}

/** Three digits that mean something. */
export function rounded(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) {
    return Math.round(value).toLocaleString("en-US");
  }
  return String(Number(value.toPrecision(3)));
}
