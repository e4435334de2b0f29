import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Grant, Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { draftOf, grantOf, isSameGrants, type DraftGrant } from "../../parts/access/draft-grant.ts";
import { GrantsEditor } from "../../parts/access/grants-editor.tsx";
import { getGrants, patchServer, putGrants } from "../../parts/server-api.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SaveBar } from "../../ui/save-bar.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Switch } from "../../ui/switch.tsx";
import { useUnsaved } from "./unsaved.ts";

const REFRESHES = ["servers", "server", "grants", "credentials", "me"];

/** Who may use the server, and which of its tools. */
export function AccessTab({ server }: { readonly server: Server }) {
  const grants = useQuery({
    queryKey: ["grants", server.id],
    queryFn: ({ signal }) => getGrants(server.id, signal),
  });
  return (
    <div className="grid gap-6">
      <Everyone server={server} />
      {grants.error !== null && grants.data === undefined ? (
        <ErrorState error={grants.error} retry={() => void grants.refetch()} />
      ) : null}
      {grants.isPending ? <SkeletonRows label="Loading who may use it" /> : null}
      {grants.data === undefined ? null : <Grants server={server} saved={grants.data} />}
    </div>
  );
}

function Everyone({ server }: { readonly server: Server }) {
  const change = useGuardedChange({
    preview: (isAll: boolean) => patchServer(server.id, { allow_all_identities: isAll }, true),
    change: (isAll: boolean) => patchServer(server.id, { allow_all_identities: isAll }),
    refreshes: REFRESHES,
    done: (_output, isAll) =>
      isAll ? `Everyone may use ${server.name}.` : `Only whoever is given access may use ${server.name}.`,
    action: server.allow_all_identities ? "Limit access" : "Allow everyone",
    isDangerous: server.allow_all_identities,
  });
  return (
    <div className="rounded-md border border-line bg-surface p-5">
      <Switch
        label="Everyone may use it"
        hint="Every person, virtual key and session that Keyward knows, now and later, with all allowed tools."
        isOn={server.allow_all_identities}
        isDisabled={change.isBusy}
        onChange={change.run}
      />
      {change.dialog}
    </div>
  );
}

function Grants({ server, saved }: { readonly server: Server; readonly saved: readonly Grant[] }) {
  const before = saved.map(draftOf);
  const [grants, setGrants] = useState<readonly DraftGrant[]>(before);
  const isChanged = !isSameGrants(grants, before);
  useUnsaved(isChanged);
  const save = useGuardedChange({
    preview: (next: readonly DraftGrant[]) => putGrants(server.id, next.map(grantOf), true),
    change: (next: readonly DraftGrant[]) => putGrants(server.id, next.map(grantOf)),
    refreshes: REFRESHES,
    done: "Access is saved.",
    action: "Save",
    showsError: true,
  });
  return (
    <section aria-labelledby="granted">
      <h2 id="granted" className="mb-1 text-base">
        Given access
      </h2>
      <p className="mb-3 text-soft">
        {server.allow_all_identities
          ? "Everyone may use it, so these make no difference until the switch above is off."
          : "Of several grants that reach the same person, each adds its tools."}
      </p>
      {save.error === null ? null : (
        <Notice tone="bad" className="mb-4">
          {messageOf(save.error)}
        </Notice>
      )}
      <GrantsEditor server={server} grants={grants} onChange={setGrants} />
      <SaveBar
        isChanged={isChanged}
        isBusy={save.isBusy}
        onSave={() => save.run(grants)}
        onDiscard={() => setGrants(before)}
      />
      {save.dialog}
    </section>
  );
}
