import { createElement } from "react";
import type { AuditEvent } from "../../app/admin-api.ts";
import type { Pages } from "../../app/use-pages.ts";
import { Badge } from "../../ui/badge.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { Nothing } from "../../ui/facts.tsx";
import { ExactTime } from "../../ui/relative-time.tsx";
import { RowButton } from "../../ui/row-link.tsx";
import { iconOf } from "./action-text.ts";
import { EventSentence } from "./event-sentence.tsx";
import type { Names } from "./use-names.ts";

interface EventTableProps {
  readonly pages: Pages<AuditEvent>;
  readonly names: Names;
  readonly onOpen: (event: AuditEvent) => void;
}

export function EventTable({ pages, names, onOpen }: EventTableProps) {
  return (
    <DataTable
      label="Events"
      columns={columnsOf(names, onOpen)}
      rows={pages.items}
      keyOf={idOf}
      hasMore={pages.hasMore}
      isLoadingMore={pages.isLoadingMore}
      isStale={pages.isStale}
      hasFailed={pages.error !== null}
      onEnd={pages.loadMore}
    />
  );
}

function columnsOf(names: Names, onOpen: (event: AuditEvent) => void): readonly Column<AuditEvent>[] {
  return [
    {
      key: "what",
      header: "What happened",
      width: "minmax(0, 1fr)",
      cell: (event) => (
        <div className="flex items-start gap-3">
          <EventIcon event={event} />
          <div className="min-w-0">
            <RowButton onPress={() => onOpen(event)}>
              <EventSentence event={event} names={names} />
            </RowButton>
            {event.outcome === "refused" ? (
              <>
                {" "}
                <Badge tone="bad">Refused</Badge>
              </>
            ) : null}
          </div>
        </div>
      ),
    },
    {
      key: "from",
      header: "From",
      width: "9rem",
      cell: ({ address }) =>
        address === null ? <Nothing label="Inside Keyward" /> : <span className="text-soft">{address}</span>,
    },
    {
      key: "at",
      header: "When",
      width: "10.5rem",
      cell: ({ at }) => (
        <span className="text-soft">
          <ExactTime at={at} />
        </span>
      ),
    },
  ];
}

export function EventIcon({ event }: { readonly event: AuditEvent }) {
  return createElement(iconOf(event.action), {
    "aria-hidden": "true",
    className: "mt-0.5 size-4 shrink-0 text-soft",
  });
}
