import { useState } from "react";
import type { UserWithGroups } from "../../parts/people/people-api.ts";
import { useMembership } from "../../parts/people/use-membership.ts";
import { PickDialog } from "../../parts/pick/pick-dialog.tsx";
import { PanelSection } from "../../ui/panel.tsx";
import { GroupPills } from "./group-pills.tsx";

export function UserGroups({ user }: { readonly user: UserWithGroups }) {
  const [isPicking, setIsPicking] = useState(false);
  const change = useMembership("The groups are saved.");
  return (
    <PanelSection title="Groups">
      <GroupPills
        groups={user.groups}
        onRemove={(group) => change.run([{ group, remove: [user.id] }])}
        onAdd={() => setIsPicking(true)}
      />
      <PickDialog
        isOpen={isPicking}
        onClose={() => setIsPicking(false)}
        title={`Add ${user.name} to groups`}
        kinds={["group"]}
        taken={new Set(user.groups.map(({ id }) => `group ${id}`))}
        onPick={(picked) => change.run(picked.map(({ id }) => ({ group: id, add: [user.id] })))}
      />
      {change.dialog}
    </PanelSection>
  );
}
