import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { RadioCards } from "../../ui/radio-cards.tsx";
import { ToolList, type ListedTool } from "../tool-list.tsx";
import type { DraftGrant } from "./draft-grant.ts";
import { nameOf } from "./grant-table.tsx";

interface GrantToolsDialogProps {
  readonly grant: DraftGrant | null;
  readonly tools: readonly ListedTool[];
  readonly onClose: () => void;
  readonly onChange: (tools: readonly string[] | null) => void;
}

/** Which of the server's tools one grant covers. */
export function GrantToolsDialog({ grant, tools, onClose, onChange }: GrantToolsDialogProps) {
  return (
    <Dialog
      isOpen={grant !== null}
      onClose={onClose}
      width="lg"
      title={`Tools for ${grant === null ? "" : nameOf(grant)}`}
    >
      {grant === null ? null : <Choice grant={grant} tools={tools} onClose={onClose} onChange={onChange} />}
    </Dialog>
  );
}

function Choice({ grant, tools, onClose, onChange }: GrantToolsDialogProps & { readonly grant: DraftGrant }) {
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(grant.tools === null ? null : new Set(grant.tools));
  const known = new Set(tools.map(({ name }) => name));
  const gone = grant.tools?.filter((name) => !known.has(name)) ?? [];
  const listed = [...tools, ...gone.map((name) => ({ name, description: null, isGone: true }))];
  return (
    <>
      <div className="grid gap-4">
        <RadioCards
          label="Which tools this grant covers"
          value={chosen === null ? "all" : "some"}
          options={[
            ["all", "All tools", "Whatever the server allows, now and later."],
            ["some", "Only chosen tools", "Somebody with several grants may use the tools of each."],
          ]}
          onChange={(which) => setChosen(which === "all" ? null : new Set(tools.map(({ name }) => name)))}
        />
        {chosen === null ? null : <ToolList tools={listed} chosen={chosen} onChange={setChosen} />}
      </div>
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          variant="primary"
          onClick={() => {
            onChange(chosen === null ? null : [...chosen]);
            onClose();
          }}
        >
          Apply
        </Button>
      </Actions>
    </>
  );
}
