import { useEffect, useRef, type ReactNode } from "react";
import type { Strength, VerifiedServer } from "../../app/admin-shapes.ts";
import { Notice } from "../../ui/notice.tsx";
import { ApiFailure } from "../../../../src/client/client.ts";
import { stepsOfWords } from "./step-text.ts";
import { adviceOf } from "./verify-advice.ts";
import { VerifySteps } from "./verify-steps.tsx";

interface VerifyResultProps {
  readonly server: VerifiedServer;
}

/** Takes the focus, so that it is read out: it stands where the form was. */
export function VerifyResult({ server }: VerifyResultProps) {
  const result = useRef<HTMLDivElement>(null);
  useEffect(() => result.current?.focus(), []);
  return (
    <div ref={result} tabIndex={-1} className="grid gap-5">
      <StrengthNotice strength={server.verified} tools={server.discovered?.tools.length ?? 0} />
      {server.steps.length === 0 ? null : <VerifySteps steps={server.steps} />}
    </div>
  );
}

function StrengthNotice({ strength, tools }: { readonly strength: Strength | null; readonly tools: number }) {
  const found = `${tools} ${tools === 1 ? "tool was" : "tools were"} found.`;
  switch (strength) {
    case "proven":
      return (
        <Notice tone="good" title="Verified">
          {found} A wrong value is refused, so a value that is accepted is a good one.
        </Notice>
      );
    case "accepted":
      return (
        <Notice tone="warn" title="Verified, but any value would do">
          {found} The server took the values, and a wrong one as well: it does not check them at this point. With a
          probe tool, Keyward can tell good values from bad ones.
        </Notice>
      );
    case null:
      return (
        <Notice tone="info" title="Not verified yet">
          Without sample values the server was not tried. It is used as soon as it has been verified.
        </Notice>
      );
  }
}

interface VerifyProblemProps {
  readonly error: unknown;
  readonly children?: ReactNode;
}

/** How far it came, what went wrong, and what to do about it. */
export function VerifyProblem({ error, children }: VerifyProblemProps) {
  const { title, what } = adviceOf(error);
  const steps = error instanceof ApiFailure ? stepsOfWords(error.details["steps"]) : [];
  return (
    <div className="grid gap-5">
      <Notice tone="bad" title={title}>
        {what}
        {children}
      </Notice>
      {steps.length === 0 ? null : <VerifySteps steps={steps} />}
    </div>
  );
}
