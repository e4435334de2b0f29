import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { useServerPatch } from "../../parts/use-server-patch.ts";
import { Button } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { RadioCards } from "../../ui/radio-cards.tsx";
import { Section } from "../../ui/section.tsx";
import { useUnsaved } from "./unsaved.ts";

/** Who may open a link to the form of this server. */
export function LinkSection({ server }: { readonly server: Server }) {
  const [policy, setPolicy] = useState(server.link_policy);
  const save = useServerPatch(server, "The link policy is saved.");
  const isChanged = policy !== server.link_policy;
  useUnsaved(isChanged);
  return (
    <Section
      title="Links"
      description="Links of a person open for that person only, signed in. This is about links of virtual keys and sessions."
    >
      <div className="grid max-w-2xl gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <RadioCards
          label="Who may open a link"
          value={policy}
          options={[
            ["inherit", "As this Keyward is configured", "Where it allows so, whoever holds the link may use it."],
            ["key_proof", "Only with the key", "Whoever opens a link presents the virtual key, always."],
          ]}
          onChange={setPolicy}
        />
        <div>
          <Button
            variant="primary"
            isBusy={save.isBusy}
            disabled={!isChanged}
            onClick={() => save.run({ link_policy: policy })}
          >
            Save
          </Button>
        </div>
      </div>
      {save.dialog}
    </Section>
  );
}
