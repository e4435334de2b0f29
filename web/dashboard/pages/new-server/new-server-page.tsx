import { useState } from "react";
import type { VerifiedServer } from "../../app/admin-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { createServer } from "../../parts/server-api.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { Stepper } from "../../ui/stepper.tsx";
import { AccessStep } from "./access-step.tsx";
import { AddressStep } from "./address-step.tsx";
import { DoneStep } from "./done-step.tsx";
import { bodyOf, emptyServer, stepsOf, type DraftServer, type StepName } from "./draft-server.ts";
import { FieldsStep } from "./fields-step.tsx";
import { HeadersStep } from "./headers-step.tsx";
import { SampleStep } from "./sample-step.tsx";
import { VerifyStep } from "./verify-step.tsx";

export function NewServerPage() {
  // A new key begins anew, without anything of the server before.
  const [round, setRound] = useState(0);
  return (
    <>
      <PageHeader title="Add a server" description="Its address, what each person supplies, and who may use it." />
      <Way key={round} onAnother={() => setRound(round + 1)} />
    </>
  );
}

function Way({ onAnother }: { readonly onAnother: () => void }) {
  const [draft, setDraft] = useState(emptyServer);
  const [step, setStep] = useState<StepName>("address");
  const [added, setAdded] = useState<VerifiedServer | null>(null);
  const [hasSample, setHasSample] = useState(true);
  const create = useChange({
    change: (isTried: boolean) => createServer(bodyOf(draft, isTried)),
    refreshes: ["servers", "me"],
    showsError: true,
    onDone: setAdded,
  });
  const change = (changes: Partial<DraftServer>): void => setDraft((before) => ({ ...before, ...changes }));

  function add(isTried: boolean): void {
    setHasSample(isTried);
    setStep("verify");
    create.mutate(isTried);
  }

  function view() {
    switch (step) {
      case "address":
        return <AddressStep draft={draft} onChange={change} onNext={() => setStep("headers")} />;
      case "headers":
        return (
          <HeadersStep
            draft={draft}
            onChange={change}
            onBack={() => setStep("address")}
            onNext={() => (draft.authType === "per_user_headers" ? setStep("fields") : add(true))}
          />
        );
      case "fields":
        return (
          <FieldsStep
            draft={draft}
            onChange={change}
            onBack={() => setStep("headers")}
            onNext={() => setStep("sample")}
          />
        );
      case "sample":
        return (
          <SampleStep
            draft={draft}
            onChange={change}
            onBack={() => setStep("fields")}
            onNext={() => add(true)}
            onSkip={() => add(false)}
          />
        );
      case "verify":
        return (
          <VerifyStep
            // Its heading is read out again when the answer is there.
            key={create.status}
            draft={draft}
            added={added}
            isPending={create.isPending}
            error={create.error}
            onRetry={() => add(hasSample)}
            onGo={setStep}
            onNext={() => setStep("access")}
            onVerified={setAdded}
          />
        );
      case "access":
        return added === null ? null : <AccessStep server={added} onNext={() => setStep("done")} />;
      case "done":
        return added === null ? null : <DoneStep server={added} onAnother={onAnother} />;
    }
  }

  if (step === "done") return view();
  return (
    <>
      <Stepper
        label="Steps"
        steps={stepsOf(draft)}
        current={step}
        onBack={added === null && !create.isPending ? setStep : null}
      />
      {view()}
    </>
  );
}
