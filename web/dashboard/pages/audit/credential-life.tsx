import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import type { AuditEvent } from "../../app/admin-api.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { ExactTime } from "../../ui/relative-time.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { EFFECT_TEXT } from "./action-text.ts";
import { EventPanel } from "./event-panel.tsx";
import { EventSentence } from "./event-sentence.tsx";
import { EventIcon } from "./event-table.tsx";
import { NO_FILTERS, useEvents, type FilterValues } from "./use-events.ts";
import { useNames } from "./use-names.ts";

interface CredentialLifeProps {
  readonly id: string;
  readonly onFilter: (changes: Partial<FilterValues>) => void;
}

/** Everything that happened to one connection, newest first, from the request for it to its end. */
export function CredentialLife({ id, onFilter }: CredentialLifeProps) {
  const pages = useEvents({ ...NO_FILTERS, credential: id });
  const names = useNames(pages.items);
  const [opened, setOpened] = useState<AuditEvent | null>(null);
  return (
    <>
      <div className="mb-6 flex flex-wrap items-center gap-2">
        <ButtonLink href="/audit" icon={ArrowLeft}>
          All events
        </ButtonLink>
        <ButtonLink href={`/connections?connection=${id}`}>Show the connection</ButtonLink>
      </div>
      {pages.isLoading ? <SkeletonRows label="Loading events" /> : null}
      {pages.error !== null && pages.items.length === 0 ? <ErrorState error={pages.error} retry={pages.retry} /> : null}
      {!pages.isLoading && pages.error === null && pages.items.length === 0 ? (
        <EmptyState icon={ArrowLeft} title="Nothing is known of this connection">
          It may have been there before this log began.
        </EmptyState>
      ) : null}
      <ol aria-label="Life of the connection" className="max-w-3xl">
        {pages.items.map((event) => (
          <li key={event.id} className="group relative flex gap-4 pb-6">
            <span aria-hidden="true" className="absolute top-8 bottom-0 left-4 w-px bg-line-strong group-last:hidden" />
            <span className="grid size-8 shrink-0 place-items-center rounded-full border border-line-strong bg-surface [&_svg]:mt-0">
              <EventIcon event={event} />
            </span>
            <div className="min-w-0 pt-1.5">
              <button type="button" onClick={() => setOpened(event)} className="rounded text-left hover:underline">
                <EventSentence event={event} names={names} />
              </button>{" "}
              {event.outcome === "refused" ? <Badge tone="bad">Refused</Badge> : null}
              {event.effects?.map((effect) => (
                <p key={effect}>{EFFECT_TEXT[effect]}</p>
              ))}
              <p className="text-sm text-soft">
                <ExactTime at={event.at} />
                {event.address === null ? null : `, from ${event.address}`}
                {event.detail?.client === undefined ? null : `, ${event.detail.client}`}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {pages.hasMore ? (
        <Button isBusy={pages.isLoadingMore} onClick={pages.loadMore}>
          Load what was before
        </Button>
      ) : null}
      <EventPanel event={opened} names={names} onClose={() => setOpened(null)} onFilter={onFilter} />
    </>
  );
}
