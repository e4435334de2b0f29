import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import type { VerifiedServer } from "../../app/admin-shapes.ts";
import { fieldOf } from "../../parts/schema/draft-field.ts";
import { patchServer, verifyServer } from "../../parts/server-api.ts";
import { ProbeInputs } from "../../parts/verify/probe-inputs.tsx";
import { draftOfProbe, probeOf, probeProblem } from "../../parts/verify/probe-tool.ts";
import { typedValues } from "../../parts/verify/sample-values.ts";
import { adviceOf, type Place } from "../../parts/verify/verify-advice.ts";
import { plannedSteps } from "../../parts/verify/verify-dialog.tsx";
import { VerifyProblem, VerifyResult } from "../../parts/verify/verify-result.tsx";
import { PlannedSteps } from "../../parts/verify/verify-steps.tsx";
import { Button } from "../../ui/button.tsx";
import { stepsOf, type DraftServer } from "./draft-server.ts";
import { Step } from "./step.tsx";

interface VerifyStepProps {
  readonly draft: DraftServer;
  /** null: it is not added yet. */
  readonly added: VerifiedServer | null;
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly onRetry: () => void;
  readonly onGo: (place: Place) => void;
  readonly onNext: () => void;
  readonly onVerified: (server: VerifiedServer) => void;
}

const PLACES: Readonly<Record<Place, string>> = {
  address: "Change the address or name",
  headers: "Change the headers",
  fields: "Change the header fields",
  sample: "Change the sample values",
};

export function VerifyStep(props: VerifyStepProps) {
  const { draft, added, isPending, error, onRetry, onGo, onNext, onVerified } = props;
  if (isPending) {
    return (
      <Step title="Verifying">
        <PlannedSteps
          names={plannedSteps({
            auth_type: draft.authType,
            verification: { probe_tool: null, negative_control: true },
          })}
        />
      </Step>
    );
  }
  if (added === null) {
    const { place } = adviceOf(error);
    const known = stepsOf(draft).some(([step]) => step === place) ? place : place === "sample" ? "headers" : place;
    return (
      <Step title="It is not added yet" next="Try again" onNext={onRetry}>
        <VerifyProblem error={error}>
          <p className="mt-1">Nothing was stored.</p>
          {known === null ? null : (
            <div className="mt-3">
              <Button size="sm" onClick={() => onGo(known)}>
                {PLACES[known]}
              </Button>
            </div>
          )}
        </VerifyProblem>
      </Step>
    );
  }
  return (
    <Step title={`${added.name} is added`} next="Continue" onNext={onNext}>
      <div className="grid gap-6">
        <VerifyResult server={added} />
        {added.verified === "accepted" ? <ProbeTrial draft={draft} added={added} onVerified={onVerified} /> : null}
      </div>
    </Step>
  );
}

interface ProbeTrialProps {
  readonly draft: DraftServer;
  readonly added: VerifiedServer;
  readonly onVerified: (server: VerifiedServer) => void;
}

/** The server takes any value so far: with a tool that needs a good one, it is tried once more. */
function ProbeTrial({ draft, added, onVerified }: ProbeTrialProps) {
  const [probe, setProbe] = useState(() => draftOfProbe(added.verification.probe_tool));
  const [isJudged, setIsJudged] = useState(false);
  const trial = useMutation({
    async mutationFn() {
      await patchServer(added.id, { verification: { probe_tool: probeOf(probe), negative_control: true } });
      return verifyServer(added.id, typedValues(draft.fields.map(fieldOf), draft.sample));
    },
    onSuccess: onVerified,
  });
  return (
    <div className="grid gap-4 rounded-md border border-line bg-surface p-4">
      {trial.error === null ? null : <VerifyProblem error={trial.error} />}
      <ProbeInputs server={added} probe={probe} onChange={setProbe} isJudged={isJudged} />
      <div>
        <Button
          isBusy={trial.isPending}
          disabled={probe.name === ""}
          onClick={() => {
            setIsJudged(true);
            if (probeProblem(probe) === undefined) trial.mutate();
          }}
        >
          Verify with this tool
        </Button>
      </div>
    </div>
  );
}
