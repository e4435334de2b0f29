import { CircleCheck, CircleX } from "lucide-react";
import { useState } from "react";
import { readPattern } from "../../../../src/core/value-pattern.ts";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";

interface PatternTrialProps {
  readonly pattern: string;
  readonly isReadable: boolean;
}

/** Says whether a value would be taken, before anybody is asked for one. It is matched here and goes nowhere. */
export function PatternTrial({ pattern, isReadable }: PatternTrialProps) {
  const [text, setText] = useState("");
  const reading = readPattern(pattern);
  const verdict = text === "" || !isReadable || reading.kind !== "pattern" ? null : reading.matches(text);
  return (
    <Field label="Try a value" isOptional className="sm:col-span-2" hint={<Verdict verdict={verdict} />}>
      {(control) => (
        <Input
          {...control}
          value={text}
          onChange={(event) => setText(event.target.value)}
          spellCheck={false}
          autoCapitalize="off"
          className="font-mono"
        />
      )}
    </Field>
  );
}

function Verdict({ verdict }: { readonly verdict: boolean | null }) {
  if (verdict === null) return "It is compared here and not sent anywhere.";
  const Icon = verdict ? CircleCheck : CircleX;
  return (
    <span role="status" className="flex items-center gap-1.5">
      <Icon aria-hidden="true" className={verdict ? "size-4 text-good" : "size-4 text-bad"} />
      {verdict ? "The pattern takes it." : "The pattern does not take it."}
    </span>
  );
}
