import { useState } from "react";
import { fieldOf } from "../../parts/schema/draft-field.ts";
import { originOf } from "../../parts/server-rules.ts";
import { SampleInputs } from "../../parts/verify/sample-inputs.tsx";
import { sampleProblems } from "../../parts/verify/sample-values.ts";
import { Button } from "../../ui/button.tsx";
import type { DraftServer } from "./draft-server.ts";
import { Step } from "./step.tsx";

interface SampleStepProps {
  readonly draft: DraftServer;
  readonly onChange: (changes: Partial<DraftServer>) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
  /** Adds the server without trying it. */
  readonly onSkip: () => void;
}

export function SampleStep({ draft, onChange, onBack, onNext, onSkip }: SampleStepProps) {
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const fields = draft.fields.map(fieldOf);

  function next(): void {
    const found = sampleProblems(fields, draft.sample);
    setProblems(found);
    if (Object.keys(found).length === 0) onNext();
  }

  return (
    <Step
      title="Try it with values of your own"
      description={
        <>
          They are sent to <span className="text-ink">{originOf(draft.url)}</span> for one verification, to see that it
          works and which tools there are. They are never stored.
        </>
      }
      next="Add and verify"
      onBack={onBack}
      onNext={next}
      other={
        <Button variant="quiet" onClick={onSkip}>
          Add without trying
        </Button>
      }
    >
      <div className="grid gap-4">
        <SampleInputs
          fields={fields}
          sample={draft.sample}
          problems={problems}
          onChange={(sample) => {
            onChange({ sample });
            if (Object.keys(problems).length > 0) setProblems(sampleProblems(fields, sample));
          }}
        />
      </div>
    </Step>
  );
}
