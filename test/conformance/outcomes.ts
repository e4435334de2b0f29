import type { ExpectedFailure } from "./expected-failures.ts";

/** How a check ended, in the runner's own words. */
export interface Outcome {
  readonly status: "SUCCESS" | "INFO" | "SKIPPED" | "WARNING" | "FAILURE";
  /** What the runner has to say about it, for the reader of a failed test. */
  readonly message: string;
}

/** Scenario, then check, then how it ended. A check is named `<id>/<name>`: several share one id. */
export type Outcomes = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

/** A check that did not end as it should. */
export interface Finding {
  readonly scenario: string;
  readonly check: string;
  readonly text: string;
}

/** What a test says of a run: both are empty when all is well. */
interface Verdict {
  /** Findings that no entry argues for. */
  readonly unexpected: readonly string[];
  /** Entries without a finding: what they excuse has been mended. */
  readonly stale: readonly string[];
}

/** From good to bad. What is only told, left out or absent says neither. */
const RANK = { SUCCESS: 0, INFO: 1, SKIPPED: 1, WARNING: 2, FAILURE: 3 } as const;

/** How bad it is: 0 is a success, 1 says nothing, 2 breaks a SHOULD, 3 breaks a MUST. */
export function rankOf(outcome: Outcome | undefined): number {
  return outcome === undefined ? RANK.SKIPPED : RANK[outcome.status];
}

/** What broke a SHOULD or a MUST. */
export function failuresOf(outcomes: Outcomes): readonly Finding[] {
  return [...outcomes].flatMap(([scenario, checks]) =>
    [...checks]
      .filter(([, outcome]) => rankOf(outcome) >= RANK.WARNING)
      .map(([check, outcome]) => ({ scenario, check, text: textOf(outcome) })),
  );
}

/** What is worse through the gateway than without it, the checks included that only one of the runs got to. */
export function regressions(direct: Outcomes, through: Outcomes): readonly Finding[] {
  return [...new Set([...direct.keys(), ...through.keys()])].flatMap((scenario) => {
    const before = direct.get(scenario) ?? new Map<string, Outcome>();
    const after = through.get(scenario) ?? new Map<string, Outcome>();
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((check) => rankOf(after.get(check)) > rankOf(before.get(check)))
      .map((check) => ({
        scenario,
        check,
        text: `direct ${textOf(before.get(check))}, through the gateway ${textOf(after.get(check))}`,
      }));
  });
}

export function judge(findings: readonly Finding[], expected: readonly ExpectedFailure[]): Verdict {
  const covers = (entry: ExpectedFailure, { scenario, check }: Finding): boolean =>
    entry.scenario === scenario && entry.check === check;
  return {
    unexpected: findings
      .filter((finding) => !expected.some((entry) => covers(entry, finding)))
      .map(({ scenario, check, text }) => `${scenario}: ${check}: ${text}`),
    stale: expected
      .filter((entry) => !findings.some((finding) => covers(entry, finding)))
      .map(({ scenario, check }) => `${scenario}: ${check}`),
  };
}

/** How many checks ended as a success. */
export function successesOf(outcomes: Outcomes): number {
  return [...outcomes.values()].flatMap((checks) => [...checks.values()]).filter((outcome) => rankOf(outcome) === 0)
    .length;
}

function textOf(outcome: Outcome | undefined): string {
  return outcome === undefined ? "absent" : `${outcome.status} (${outcome.message})`;
}
