import { Check, CircleDashed, Minus, X } from "lucide-react";
import type { VerifyStep, VerifyStepName } from "../../app/admin-shapes.ts";
import { cx } from "../../ui/class-names.ts";
import { Spinner } from "../../ui/spinner.tsx";

const NAMES: Readonly<Record<VerifyStepName, string>> = {
  connect: "Connect",
  list_tools: "List the tools",
  negative_control: "Try a wrong value",
  probe_tool: "Call the probe tool",
};

const LOOKS = {
  ok: { icon: Check, tone: "border-transparent bg-good-soft text-good", word: "Done" },
  refused: { icon: X, tone: "border-transparent bg-bad-soft text-bad", word: "Refused" },
  failed: { icon: X, tone: "border-transparent bg-bad-soft text-bad", word: "Failed" },
  skipped: { icon: Minus, tone: "border-line bg-muted text-soft", word: "Skipped" },
} as const;

/** What a verification did, step by step, and what each step proves. */
export function VerifySteps({ steps }: { readonly steps: readonly VerifyStep[] }) {
  return (
    <ol aria-label="Steps of the verification" className="grid gap-4">
      {steps.map(({ step, outcome, proves }) => {
        const { icon: Icon, tone, word } = LOOKS[outcome];
        return (
          <li key={step} className="flex gap-3">
            <span className={cx("grid size-6 shrink-0 place-items-center rounded-full border", tone)}>
              <Icon aria-hidden="true" className="size-3.5" />
              <span className="sr-only">{word}</span>
            </span>
            <div className="min-w-0 pt-0.5">
              <p className="font-medium">{NAMES[step]}</p>
              <p className="text-soft">{proves}</p>
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
            {NAMES[name]}
          </li>
        ))}
      </ol>
    </div>
  );
}
