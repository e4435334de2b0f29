/** What a verification does, in the order in which it does it. */
export const VERIFY_STEPS = ["connect", "list_tools", "probe_tool", "negative_control"] as const;

type VerifyStep = (typeof VERIFY_STEPS)[number];

/** A step that is made with the values themselves, so that its refusal is a refusal of the values. */
export type RefusableStep = Exclude<VerifyStep, "negative_control">;

export const STEP_OUTCOMES = ["ok", "refused", "failed", "skipped"] as const;

/**
 * `ok`: it went as it should; for the negative control that is that the wrong values were refused.
 * `refused`: the server refused the values. `failed`: nothing was learned, or the negative control showed that any value
 * passes. `skipped`: not made, because it is switched off, has no object, or an earlier step ended the verification.
 */
type StepOutcome = (typeof STEP_OUTCOMES)[number];

export const STEP_PROOFS = [
  "speaks_mcp",
  "tools_known",
  "tool_works",
  "wrong_values_refused",
  "any_value_passes",
  "values_refused",
  "nothing",
] as const;

export type StepProof = (typeof STEP_PROOFS)[number];

/** One step of a verification and what it showed. */
export interface VerifiedStep {
  readonly step: VerifyStep;
  readonly outcome: StepOutcome;
  readonly proves: StepProof;
}

/** For the details of an error: `connect:ok`, `list_tools:refused`. What was skipped is left out. */
export function stepWords(steps: readonly VerifiedStep[]): readonly string[] {
  return steps.filter(({ outcome }) => outcome !== "skipped").map(({ step, outcome }) => `${step}:${outcome}`);
}
