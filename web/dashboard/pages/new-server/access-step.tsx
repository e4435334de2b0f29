import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { useChange } from "../../app/use-change.ts";
import { grantOf, type DraftGrant } from "../../parts/access/draft-grant.ts";
import { GrantsEditor } from "../../parts/access/grants-editor.tsx";
import { patchServer, putGrants } from "../../parts/server-api.ts";
import { Notice } from "../../ui/notice.tsx";
import { RadioCards } from "../../ui/radio-cards.tsx";
import { Step } from "./step.tsx";

interface AccessStepProps {
  readonly server: Server;
  readonly onNext: () => void;
}

export function AccessStep({ server, onNext }: AccessStepProps) {
  const [isEveryone, setIsEveryone] = useState(server.allow_all_identities);
  const [grants, setGrants] = useState<readonly DraftGrant[]>([]);
  // Nobody has stored anything for a new server, so nobody has to be asked about first.
  const save = useChange({
    async change() {
      if (isEveryone !== server.allow_all_identities) {
        await patchServer(server.id, { allow_all_identities: isEveryone });
      }
      if (!isEveryone && grants.length > 0) await putGrants(server.id, grants.map(grantOf));
    },
    refreshes: ["servers", "server", "grants", "me"],
    showsError: true,
    onDone: onNext,
  });
  return (
    <Step
      isWide
      title={`Who may use ${server.name}?`}
      description="It can be changed at any time."
      next={isEveryone || grants.length > 0 ? "Save" : "Nobody yet"}
      isBusy={save.isPending}
      onNext={() => save.mutate()}
    >
      <div className="grid gap-5">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <div className="max-w-2xl">
          <RadioCards
            label="Who may use it"
            value={isEveryone ? "everyone" : "some"}
            options={[
              ["some", "Whoever is given access", "Groups, people, and virtual keys that no person owns."],
              ["everyone", "Everyone", "Every person, virtual key and session that Keyward knows, now and later."],
            ]}
            onChange={(who) => setIsEveryone(who === "everyone")}
          />
        </div>
        {isEveryone ? null : <GrantsEditor server={server} grants={grants} onChange={setGrants} />}
      </div>
    </Step>
  );
}
