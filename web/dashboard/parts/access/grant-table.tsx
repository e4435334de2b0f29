import { Users, X } from "lucide-react";
import { Button, IconButton } from "../../ui/button.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { ForeignText } from "../../ui/foreign-text.tsx";
import { identityText, MODE_TEXT } from "../connections/connection-text.ts";
import { ModeIcon } from "../connections/identity-name.tsx";
import { grantKey, type DraftGrant } from "./draft-grant.ts";

interface GrantTableProps {
  readonly grants: readonly DraftGrant[];
  readonly onTools: (grant: DraftGrant) => void;
  readonly onRemove: (grant: DraftGrant) => void;
}

export function GrantTable({ grants, ...actions }: GrantTableProps) {
  return <DataTable label="Who may use this server" columns={columnsOf(actions)} rows={grants} keyOf={grantKey} />;
}

function columnsOf({ onTools, onRemove }: Omit<GrantTableProps, "grants">): readonly Column<DraftGrant>[] {
  return [
    { key: "who", header: "Who", width: "minmax(0, 2fr)", cell: (grant) => <GrantName grant={grant} /> },
    {
      key: "kind",
      header: "Kind",
      width: "8rem",
      cell: ({ kind }) => (kind === "group" ? "Group" : MODE_TEXT[kind]),
    },
    {
      key: "tools",
      header: "Tools",
      width: "9rem",
      cell: (grant) => (
        <Button
          size="sm"
          variant="quiet"
          className="md:-ml-2.5"
          aria-label={`Tools for ${nameOf(grant)}: ${toolsOf(grant)}`}
          onClick={() => onTools(grant)}
        >
          {toolsOf(grant)}
        </Button>
      ),
    },
    {
      key: "remove",
      header: "Remove",
      width: "2.25rem",
      isBare: true,
      align: "end",
      cell: (grant) => <IconButton icon={X} label={`Remove ${nameOf(grant)}`} onClick={() => onRemove(grant)} />,
    },
  ];
}

function GrantName({ grant }: { readonly grant: DraftGrant }) {
  return (
    <span className="flex min-w-0 items-center gap-2">
      {grant.kind === "group" ? (
        <Users aria-hidden="true" className="size-4 shrink-0 text-soft" />
      ) : (
        <ModeIcon mode={grant.kind} />
      )}
      <span className="min-w-0 font-medium">
        <ForeignText text={nameOf(grant)} />
      </span>
    </span>
  );
}

export function nameOf({ kind, id, name }: DraftGrant): string {
  return kind === "group" ? (name ?? id) : identityText({ auth_mode: kind, id, name });
}

function toolsOf({ tools }: DraftGrant): string {
  if (tools === null) return "All tools";
  return tools.length === 1 ? "1 tool" : `${tools.length} tools`;
}
