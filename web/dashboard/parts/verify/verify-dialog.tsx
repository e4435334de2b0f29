import { useState, type SubmitEvent } from "react";
import type { Server, VerifiedServer, VerifyStepName } from "../../app/admin-shapes.ts";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { verifyServer } from "../server-api.ts";
import { SampleInputs } from "./sample-inputs.tsx";
import { sampleProblems, typedValues, type Sample } from "./sample-values.ts";
import { VerifyProblem, VerifyResult } from "./verify-result.tsx";
import { PlannedSteps } from "./verify-steps.tsx";

interface VerifyDialogProps {
  readonly server: Server;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Tries a server again and takes over what it offers now. */
export function VerifyDialog({ server, isOpen, onClose }: VerifyDialogProps) {
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={`Verify ${server.name}`}
      description="Keyward connects, lists the tools and takes over what the server offers now."
    >
      <VerifyForm server={server} onClose={onClose} />
    </Dialog>
  );
}

function VerifyForm({ server, onClose }: Omit<VerifyDialogProps, "isOpen">) {
  const fields = server.header_schema;
  const [sample, setSample] = useState<Sample>({});
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const verify = useChange<void, VerifiedServer>({
    change: () => verifyServer(server.id, fields.length === 0 ? null : typedValues(fields, sample)),
    refreshes: ["servers", "server"],
    showsError: true,
  });

  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const found = sampleProblems(fields, sample);
    setProblems(found);
    const [first] = Object.keys(found);
    if (first === undefined) {
      verify.mutate();
      return;
    }
    const control = event.currentTarget.elements.namedItem(first);
    if (control instanceof HTMLElement) control.focus();
  }

  if (verify.isPending) return <PlannedSteps names={plannedSteps(server)} />;
  if (verify.data !== undefined) {
    return (
      <>
        <VerifyResult server={verify.data} />
        <Actions>
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </Actions>
      </>
    );
  }
  return (
    <form noValidate onSubmit={submit} className="grid gap-4">
      {verify.error === null ? null : <VerifyProblem error={verify.error} />}
      {fields.length === 0 ? null : (
        <>
          <p className="text-soft">
            Enter values of your own as a sample. They are sent to {server.url_origin} for this one verification and are
            never stored.
          </p>
          <SampleInputs fields={fields} sample={sample} onChange={setSample} problems={problems} />
        </>
      )}
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="primary">
          Verify
        </Button>
      </Actions>
    </form>
  );
}

/** What the gateway will do with this server, in its order. */
export function plannedSteps(server: Pick<Server, "auth_type" | "verification">): readonly VerifyStepName[] {
  const { auth_type: type, verification } = server;
  return [
    "connect",
    "list_tools",
    ...(verification.probe_tool === null ? [] : (["probe_tool"] as const)),
    ...(type === "per_user_headers" && verification.negative_control ? (["negative_control"] as const) : []),
  ];
}
