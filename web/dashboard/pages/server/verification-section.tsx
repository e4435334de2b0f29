import { useState, type SubmitEvent } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { useServerPatch } from "../../parts/use-server-patch.ts";
import { ProbeInputs } from "../../parts/verify/probe-inputs.tsx";
import { draftOfProbe, probeOf, probeProblem } from "../../parts/verify/probe-tool.ts";
import { Button } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { Switch } from "../../ui/switch.tsx";
import { useUnsaved } from "./unsaved.ts";

/** How values are tried before they are stored. */
export function VerificationSection({ server }: { readonly server: Server }) {
  const { probe_tool: savedProbe, negative_control: savedControl } = server.verification;
  const [isControlled, setIsControlled] = useState(savedControl);
  const [probe, setProbe] = useState(() => draftOfProbe(savedProbe));
  const [isJudged, setIsJudged] = useState(false);
  const save = useServerPatch(server, "The verification is saved.");
  const before = draftOfProbe(savedProbe);
  const isChanged = isControlled !== savedControl || probe.name !== before.name || probe.json !== before.json;
  useUnsaved(isChanged);

  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    setIsJudged(true);
    if (probeProblem(probe) !== undefined) return;
    save.run({ verification: { probe_tool: probeOf(probe), negative_control: isControlled } });
  }

  return (
    <Section title="Verification" description="Every value is tried with the server before it is stored.">
      <form noValidate onSubmit={submit} className="grid max-w-2xl gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        {server.auth_type === "per_user_headers" ? (
          <Switch
            label="Try a wrong value, too"
            hint="If the server refuses it, the right one is proven. Off, any value may pass that the server does not look at."
            isOn={isControlled}
            onChange={setIsControlled}
          />
        ) : null}
        <ProbeInputs server={server} probe={probe} onChange={setProbe} isJudged={isJudged} />
        <div>
          <Button type="submit" variant="primary" isBusy={save.isBusy} disabled={!isChanged}>
            Save
          </Button>
        </div>
      </form>
      {save.dialog}
    </Section>
  );
}
