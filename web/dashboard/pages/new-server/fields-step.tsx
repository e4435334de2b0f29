import { useState } from "react";
import { problemsOfFields, type FieldProblems } from "../../parts/schema/field-problems.ts";
import { SchemaEditor } from "../../parts/schema/schema-editor.tsx";
import { originOf } from "../../parts/server-rules.ts";
import { Notice } from "../../ui/notice.tsx";
import { nameOf, type DraftServer } from "./draft-server.ts";
import { Step } from "./step.tsx";

interface FieldsStepProps {
  readonly draft: DraftServer;
  readonly onChange: (changes: Partial<DraftServer>) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
}

const FINE: ReadonlyMap<number, FieldProblems> = new Map();

export function FieldsStep({ draft, onChange, onBack, onNext }: FieldsStepProps) {
  const [problems, setProblems] = useState(FINE);
  const [isEmpty, setIsEmpty] = useState(false);

  function next(): void {
    const found = problemsOfFields(draft.fields);
    setProblems(found);
    setIsEmpty(draft.fields.length === 0);
    if (found.size === 0 && draft.fields.length > 0) onNext();
  }

  return (
    <Step
      isWide
      title="What does each person supply?"
      description="Declare the headers, never their values. Beside it you see the form that people will fill in once."
      next="Continue"
      onBack={onBack}
      onNext={next}
    >
      {isEmpty && draft.fields.length === 0 ? (
        <Notice tone="bad" className="mb-4">
          Add at least one field, or go back and choose another kind of keys.
        </Notice>
      ) : null}
      <SchemaEditor
        serverName={nameOf(draft)}
        origin={originOf(draft.url) ?? draft.url}
        fields={draft.fields}
        problems={problems}
        onChange={(fields) => {
          onChange({ fields });
          if (problems.size > 0) setProblems(problemsOfFields(fields));
        }}
      />
    </Step>
  );
}
