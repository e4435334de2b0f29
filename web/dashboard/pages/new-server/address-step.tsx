import { useState } from "react";
import { addressProblem, serverNameProblem } from "../../parts/server-rules.ts";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { nameOf, type DraftServer } from "./draft-server.ts";
import { Step } from "./step.tsx";

interface AddressStepProps {
  readonly draft: DraftServer;
  readonly onChange: (changes: Partial<DraftServer>) => void;
  readonly onNext: () => void;
}

export function AddressStep({ draft, onChange, onNext }: AddressStepProps) {
  const [isJudged, setIsJudged] = useState(false);
  const name = nameOf(draft);
  const problems = { url: addressProblem(draft.url), name: serverNameProblem(name) };

  function next(): void {
    setIsJudged(true);
    if (problems.url === undefined && problems.name === undefined) onNext();
  }

  return (
    <Step title="Where is the server?" next="Continue" onNext={next}>
      <div className="grid gap-4">
        <Field
          label="Address"
          error={isJudged ? problems.url : undefined}
          hint="Of its MCP endpoint, as its documentation gives it. It often ends with /mcp."
        >
          {(control) => (
            <Input
              {...control}
              type="url"
              value={draft.url}
              onChange={(event) => onChange({ url: event.target.value })}
              placeholder="https://mcp.example.com/mcp"
              spellCheck={false}
              className="font-mono"
            />
          )}
        </Field>
        <Field
          label="Name"
          error={isJudged ? problems.name : undefined}
          hint={
            <>
              Stands in front of each tool: <code className="font-mono text-xs">{name || "name"}-search</code>. A-z in
              small letters, 0-9 and _.
            </>
          }
        >
          {(control) => (
            <Input
              {...control}
              value={draft.name ?? name}
              onChange={(event) => onChange({ name: event.target.value })}
              spellCheck={false}
              autoCapitalize="off"
              maxLength={40}
              className="font-mono"
            />
          )}
        </Field>
      </div>
    </Step>
  );
}
