import { Wrench } from "lucide-react";
import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { patchServer } from "../../parts/server-api.ts";
import { goneTools } from "../../parts/server-text.ts";
import { ToolList, type ListedTool } from "../../parts/tool-list.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { RadioCards } from "../../ui/radio-cards.tsx";
import { SaveBar } from "../../ui/save-bar.tsx";
import { useUnsaved } from "./unsaved.ts";

/** Which tools of the server may be listed and called at all. */
export function ToolsTab({ server }: { readonly server: Server }) {
  const offered = toolsOf(server);
  const [allowed, setAllowed] = useState<ReadonlySet<string> | null>(() => saved(server));
  const isChanged = textOf(allowed) !== textOf(saved(server));
  useUnsaved(isChanged);
  const save = useGuardedChange({
    preview: (tools: string[] | null) => patchServer(server.id, { tools }, true),
    change: (tools: string[] | null) => patchServer(server.id, { tools }),
    refreshes: ["servers", "server", "me"],
    done: "The tools are saved.",
    action: "Save",
  });

  if (server.discovered === null) {
    return (
      <EmptyState icon={Wrench} title="No tools are known yet">
        They are found when the server is verified.
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4">
      <Notice tone="info">
        Names and descriptions are the server&apos;s own text. A language model reads them as well: allow what you have
        read and trust.
      </Notice>
      <RadioCards
        label="Which tools may be used"
        value={allowed === null ? "all" : "some"}
        options={[
          ["all", "All tools", "Also those that the server will add later."],
          ["some", "Only chosen tools", "A tool that the server adds later stays out until it is chosen."],
        ]}
        onChange={(which) =>
          setAllowed(which === "all" ? null : new Set(offered.filter(({ isGone }) => !isGone).map(({ name }) => name)))
        }
      />
      <ToolList tools={offered} chosen={allowed} onChange={setAllowed} />
      <SaveBar
        isChanged={isChanged}
        isBusy={save.isBusy}
        onSave={() => save.run(allowed === null ? null : [...allowed])}
        onDiscard={() => setAllowed(saved(server))}
      />
      {save.dialog}
    </div>
  );
}

function saved({ tools }: Server): ReadonlySet<string> | null {
  return tools === null ? null : new Set(tools);
}

function textOf(allowed: ReadonlySet<string> | null): string {
  return allowed === null ? "all" : [...allowed].toSorted().join("\n");
}

/** What the server offers, and what was allowed and is not offered any more. */
function toolsOf(server: Server): readonly ListedTool[] {
  return [
    ...(server.discovered?.tools ?? []),
    ...goneTools(server).map((name) => ({ name, description: null, isGone: true })),
  ];
}
