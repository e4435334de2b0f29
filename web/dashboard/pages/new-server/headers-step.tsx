import { useState } from "react";
import type { AuthType } from "../../app/admin-shapes.ts";
import { StaticHeadersEditor } from "../../parts/headers/static-headers-editor.tsx";
import { staticHeader, staticProblems, type StaticProblem } from "../../parts/headers/static-headers.ts";
import { RadioCards } from "../../ui/radio-cards.tsx";
import type { DraftServer } from "./draft-server.ts";
import { Step } from "./step.tsx";

interface HeadersStepProps {
  readonly draft: DraftServer;
  readonly onChange: (changes: Partial<DraftServer>) => void;
  readonly onBack: () => void;
  readonly onNext: () => void;
}

const TYPES: readonly (readonly [AuthType, string, string])[] = [
  [
    "per_user_headers",
    "With each person's own keys",
    "Everyone supplies their own values, once. The server sees who calls, and each person can be revoked alone.",
  ],
  ["headers", "With the same headers for everyone", "You set them here. The server cannot tell people apart."],
  ["none", "With nothing", "The server answers anybody. Keyward still decides who may use it."],
];

const FINE: ReadonlyMap<number, StaticProblem> = new Map();

export function HeadersStep({ draft, onChange, onBack, onNext }: HeadersStepProps) {
  const [problems, setProblems] = useState(FINE);
  const { authType, statics } = draft;

  function choose(type: AuthType): void {
    const isFirst = type === "headers" && statics.length === 0;
    onChange({ authType: type, ...(isFirst && { statics: [staticHeader()] }) });
  }

  function next(): void {
    const found = authType === "none" ? FINE : staticProblems(statics);
    setProblems(found);
    if (found.size === 0) onNext();
  }

  return (
    <Step
      title="How do callers prove who they are?"
      next={authType === "per_user_headers" ? "Continue" : "Add and verify"}
      onBack={onBack}
      onNext={next}
    >
      <div className="grid gap-6">
        <RadioCards label="How the server authenticates" value={authType} options={TYPES} onChange={choose} />
        {authType === "none" ? null : (
          <div className="grid gap-3">
            <div>
              <h3 className="text-base">Headers for everyone</h3>
              <p className="text-soft">
                {authType === "headers"
                  ? "Sent with every request. Stored encrypted, never shown again."
                  : "Sent beside each person's own, such as a workspace id. Most servers need none."}
              </p>
            </div>
            <StaticHeadersEditor
              headers={statics}
              problems={problems}
              onChange={(next) => {
                onChange({ statics: next });
                if (problems.size > 0) setProblems(staticProblems(next));
              }}
            />
          </div>
        )}
      </div>
    </Step>
  );
}
