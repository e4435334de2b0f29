import type { Server } from "../core/server.ts";
import { VERIFY_STEPS, type RefusableStep, type StepProof, type VerifiedStep } from "../core/verification.ts";

/** How the trial with wrong values went; `refused` is what it is made for. */
export type ControlResult = "refused" | "accepted" | "unknown" | "skipped";

type TrialEnd = { readonly kind: "accepted" } | { readonly kind: "rejected" | "unknown"; readonly step: RefusableStep };

const SHOWN_BY: Readonly<Record<RefusableStep, StepProof>> = {
  connect: "speaks_mcp",
  list_tools: "tools_known",
  probe_tool: "tool_works",
};

const CONTROL: Readonly<Record<ControlResult, Omit<VerifiedStep, "step">>> = {
  refused: { outcome: "ok", proves: "wrong_values_refused" },
  accepted: { outcome: "failed", proves: "any_value_passes" },
  unknown: { outcome: "failed", proves: "nothing" },
  skipped: { outcome: "skipped", proves: "nothing" },
};

/** Every step of a verification, by how the trial with the values ended and then the one with wrong ones. */
export function stepsOf(
  trial: TrialEnd,
  { verification }: Pick<Server, "verification">,
  control: ControlResult,
): readonly VerifiedStep[] {
  const ended = trial.kind === "accepted" ? VERIFY_STEPS.length : VERIFY_STEPS.indexOf(trial.step);
  return VERIFY_STEPS.map((step, at): VerifiedStep => {
    if (step === "negative_control") {
      return { step, ...CONTROL[control] };
    }
    if (at > ended || (step === "probe_tool" && verification.probeTool === null)) {
      return { step, outcome: "skipped", proves: "nothing" };
    }
    if (at < ended) {
      return { step, outcome: "ok", proves: SHOWN_BY[step] };
    }
    const isRefused = trial.kind === "rejected";
    return isRefused
      ? { step, outcome: "refused", proves: "values_refused" }
      : { step, outcome: "failed", proves: "nothing" };
  });
}
