import { Check, CircleDashed, Minus, TriangleAlert, X } from "lucide-react";
import type { VerifiedStep, VerifyStepName } from "../../app/admin-shapes.ts";
import { cx } from "../../ui/class-names.ts";
import { Spinner } from "../../ui/spinner.tsx";
import { PROOF_TEXT, STEP_TEXT } from "./step-text.ts";

const LOOKS = {
  ok: { icon: Check, tone: "border-transparent bg-good-soft text-good", word: "Done" },
  refused: { icon: X, tone: "border-transparent bg-bad-soft text-bad", word: "Refused" },
  failed: { icon: X, tone: "border-transparent bg-bad-soft text-bad", word: "Failed" },
  skipped: { icon: Minus, tone: "border-line bg-muted text-soft", word: "Skipped" },
} as const;

/** Any value passes: worth knowing, but the verification went well. */
const DOUBTFUL = {
  icon: TriangleAlert,
  tone: "border-transparent bg-warn-soft text-warn",
  word: "Not proven",
} as const;

/** What a verification did, step by step, and what each step proves. */
export function VerifySteps({ steps }: { readonly steps: readonly VerifiedStep[] }) {
  return (
    <ol aria-label="Steps of the verification" className="grid gap-4">
      {steps.map(({ step, outcome, proves }) => {
        const isDoubtful = step === "negative_control" && outcome === "failed";
        const { icon: Icon, tone, word } = isDoubtful ? DOUBTFUL : LOOKS[outcome];
        return (
          <li key={step} className="flex gap-3">
            <span className={cx("grid size-6 shrink-0 place-items-center rounded-full border", tone)}>
              <Icon aria-hidden="true" className="size-3.5" />
              <span className="sr-only">{word}</span>
            </span>
            <div className="min-w-0 pt-0.5">
              <p className="font-medium">{STEP_TEXT[step]}</p>
              <p className="text-soft">{PROOF_TEXT[step][outcome === "skipped" ? "skipped" : proves]}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}

/** While the answer is awaited: what will be done, without a claim of how far it is. */
export function PlannedSteps({ names }: { readonly names: readonly VerifyStepName[] }) {
  return (
    <div role="status">
      <p className="mb-4 flex items-center gap-2 font-medium">
        <Spinner /> Trying it out. This takes a few seconds.
      </p>
      <ol className="grid gap-4 text-soft">
        {names.map((name) => (
          <li key={name} className="flex items-center gap-3">
            <CircleDashed aria-hidden="true" className="mx-0.5 size-5 shrink-0" />
            {STEP_TEXT[name]}
          </li>
        ))}
      </ol>
    </div>
  );
}
