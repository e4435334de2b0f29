import { Plus, UsersRound } from "lucide-react";
import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { PickDialog } from "../pick/pick-dialog.tsx";
import { draftOfPicked, grantKey, type DraftGrant } from "./draft-grant.ts";
import { GrantTable } from "./grant-table.tsx";
import { GrantToolsDialog } from "./grant-tools-dialog.tsx";

interface GrantsEditorProps {
  readonly server: Server;
  readonly grants: readonly DraftGrant[];
  readonly onChange: (grants: readonly DraftGrant[]) => void;
}

/** Groups, people and virtual keys that may use a server. Nothing is saved here. */
export function GrantsEditor({ server, grants, onChange }: GrantsEditorProps) {
  const [isAdding, setIsAdding] = useState(false);
  const [limited, setLimited] = useState<DraftGrant | null>(null);
  const allowed = server.discovered?.tools.filter(({ name }) => server.tools?.includes(name) ?? true) ?? [];
  const add = (
    <Button icon={Plus} onClick={() => setIsAdding(true)}>
      Give access
    </Button>
  );
  return (
    <>
      {grants.length === 0 ? (
        <EmptyState icon={UsersRound} title="Nobody has been given access" action={add}>
          Give it to groups, to people, or to virtual keys that no person owns.
        </EmptyState>
      ) : (
        <>
          <GrantTable
            grants={grants}
            onTools={setLimited}
            onRemove={(removed) => onChange(grants.filter((grant) => grant !== removed))}
          />
          <div className="mt-3">{add}</div>
        </>
      )}
      <PickDialog
        isOpen={isAdding}
        onClose={() => setIsAdding(false)}
        title={`Give access to ${server.name}`}
        kinds={["group", "user", "virtual_key"]}
        taken={new Set(grants.map(grantKey))}
        onPick={(picked) => onChange([...grants, ...picked.map(draftOfPicked)])}
      />
      <GrantToolsDialog
        grant={limited}
        tools={allowed}
        onClose={() => setLimited(null)}
        onChange={(tools) => onChange(grants.map((grant) => (grant === limited ? { ...grant, tools } : grant)))}
      />
    </>
  );
}
