import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { Credential } from "../../app/admin-shapes.ts";
import type { Pages } from "../../app/use-pages.ts";
import { Button } from "../../ui/button.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { connections } from "../../ui/impact-text.ts";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { RowLink } from "../../ui/row-link.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { identityText } from "./connection-text.ts";
import { IdentityName } from "./identity-name.tsx";
import { RevokeDialog } from "./revoke-dialog.tsx";

interface ConnectionTableProps {
  readonly pages: Pages<Credential>;
  /** The address that opens the panel of a connection. */
  readonly hrefOf: (id: string) => string;
  /** Without the column of servers: all are of one. */
  readonly isOfOneServer?: boolean;
}

/** Connections of a list, with boxes to revoke many at once. */
export function ConnectionTable({ pages, hrefOf, isOfOneServer = false }: ConnectionTableProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isRevoking, setIsRevoking] = useState(false);
  // What was revoked or filtered away meanwhile is not revoked unseen.
  const selected = chosen.size === 0 ? [] : pages.items.filter(({ id }) => chosen.has(id));

  function choose(id: string, isChosen: boolean): void {
    const next = new Set(chosen);
    if (isChosen) next.add(id);
    else next.delete(id);
    setChosen(next);
  }

  return (
    <>
      <div className="mb-2 flex min-h-9 flex-wrap items-center justify-between gap-3 px-4 text-sm">
        <Checkbox
          label={`All ${pages.items.length.toLocaleString("en")} ${pages.hasMore ? "loaded so far" : "in this list"}`}
          isChecked={selected.length > 0 && selected.length === pages.items.length}
          isMixed={selected.length > 0 && selected.length < pages.items.length}
          onChange={(isAll) => setChosen(new Set(isAll ? pages.items.map(({ id }) => id) : []))}
          className="items-center [&_input]:mt-0"
        />
      </div>
      <DataTable
        label="Connections"
        columns={columnsOf({ chosen, choose, hrefOf, isOfOneServer })}
        rows={pages.items}
        keyOf={idOf}
        hasMore={pages.hasMore}
        isLoadingMore={pages.isLoadingMore}
        isStale={pages.isStale}
        hasFailed={pages.error !== null}
        onEnd={pages.loadMore}
      />
      {selected.length === 0 ? null : (
        <div className="sticky bottom-4 z-20 mx-auto mt-4 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-md border border-line-strong bg-raised py-2 pr-2 pl-4 shadow-raised">
          <span role="status" className="mr-2 font-medium">
            {connections(selected.length)} selected
          </span>
          <Button size="sm" variant="quiet" onClick={() => setChosen(new Set())}>
            Clear
          </Button>
          <Button size="sm" variant="danger" icon={Trash2} onClick={() => setIsRevoking(true)}>
            Revoke
          </Button>
        </div>
      )}
      <RevokeDialog
        isOpen={isRevoking}
        onClose={() => setIsRevoking(false)}
        chosen={selected}
        onRevoked={() => setChosen(new Set())}
      />
    </>
  );
}

interface Choosing {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (id: string, isChosen: boolean) => void;
  readonly hrefOf: (id: string) => string;
  readonly isOfOneServer: boolean;
}

function columnsOf({ chosen, choose, hrefOf, isOfOneServer }: Choosing): readonly Column<Credential>[] {
  const server: Column<Credential> = {
    key: "server",
    header: "Server",
    cell: ({ server: { name } }) => <span className="block truncate">{name}</span>,
  };
  return [
    {
      key: "select",
      header: "Select",
      width: "1rem",
      isBare: true,
      cell: ({ id, identity, server: { name } }) => (
        <Checkbox
          isBare
          label={`Select the connection of ${identityText(identity)} to ${name}`}
          isChecked={chosen.has(id)}
          onChange={(isChosen) => choose(id, isChosen)}
        />
      ),
    },
    {
      key: "identity",
      header: "Who",
      width: "minmax(0, 1.75fr)",
      cell: ({ id, identity }) => (
        <RowLink href={hrefOf(id)} replace>
          <IdentityName identity={identity} />
        </RowLink>
      ),
    },
    ...(isOfOneServer ? [] : [server]),
    { key: "status", header: "Status", width: "8rem", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      key: "set",
      header: "Set",
      width: "8.5rem",
      cell: ({ updated_at: at }) => <RelativeTime at={at} />,
    },
    {
      key: "used",
      header: "Last used",
      width: "8.5rem",
      cell: ({ last_used_at: at }) =>
        at === null ? <span className="text-soft">Never</span> : <RelativeTime at={at} />,
    },
  ];
}
