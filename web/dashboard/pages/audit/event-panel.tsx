import { Link } from "wouter";
import { actorKeyOf } from "./actor-key.ts";
import type { AuditEvent } from "../../app/admin-api.ts";
import { MODE_TEXT } from "../../parts/connections/connection-text.ts";
import { Badge } from "../../ui/badge.tsx";
import { Fact, Facts } from "../../ui/facts.tsx";
import { Panel } from "../../ui/panel.tsx";
import { exactTime } from "../../ui/time-text.ts";
import { ACTION_TEXT, changesText, EFFECT_TEXT, reasonText } from "./action-text.ts";
import { actorText, EventSentence, identityNameOf, serverText } from "./event-sentence.tsx";
import type { FilterValues } from "./use-events.ts";
import type { Names } from "./use-names.ts";

interface EventPanelProps {
  /** null: closed. */
  readonly event: AuditEvent | null;
  readonly names: Names;
  readonly onClose: () => void;
  readonly onFilter: (changes: Partial<FilterValues>) => void;
}

/** Everything that an event says. */
export function EventPanel({ event, names, onClose, onFilter }: EventPanelProps) {
  return (
    <Panel
      isOpen={event !== null}
      onClose={onClose}
      title={event === null ? "Event" : ACTION_TEXT[event.action]}
      description={event && <EventSentence event={event} names={names} />}
    >
      {event === null ? null : <EventFacts event={event} names={names} onFilter={onFilter} />}
    </Panel>
  );
}

interface EventFactsProps {
  readonly event: AuditEvent;
  readonly names: Names;
  readonly onFilter: (changes: Partial<FilterValues>) => void;
}

function EventFacts({ event, names, onFilter }: EventFactsProps) {
  const { identity, credential_id: credential, server_id: server, detail } = event;
  return (
    <Facts>
      <Fact term="When">{exactTime(event.at)}</Fact>
      <Fact term="Outcome">
        {event.outcome === "ok" ? <Badge tone="good">Done</Badge> : <Badge tone="bad">Refused</Badge>}
      </Fact>
      <Fact term="By">
        <bdi>{actorText(event, names)}</bdi>
        <Only label="Only events by them" onPress={() => onFilter({ actor: actorKeyOf(event.actor) })} />
      </Fact>
      {identity === null ? null : (
        <Fact term="About">
          <bdi>{identityNameOf(event, names)}</bdi>
          <span className="text-soft"> ({MODE_TEXT[identity.auth_mode].toLowerCase()})</span>
          <Only
            label="Only events about them"
            onPress={() => onFilter({ kind: identity.auth_mode, identity: identity.id })}
          />
        </Fact>
      )}
      {server === null ? null : (
        <Fact term="Server">
          {names(server) === null ? (
            serverText(event, names)
          ) : (
            <Link href={`/servers/${server}`} className="text-accent hover:underline">
              {serverText(event, names)}
            </Link>
          )}
          <Only label="Only events of this server" onPress={() => onFilter({ server })} />
        </Fact>
      )}
      {credential === null ? null : (
        <Fact term="Connection">
          <Code text={credential} />
          {event.version === null ? null : <span className="text-soft"> value {event.version}</span>}
          <Only label="Its whole life" onPress={() => onFilter({ credential })} />
        </Fact>
      )}
      <DetailFacts detail={detail} effects={event.effects} />
      <Fact term="From">
        {event.address ?? "Inside Keyward"}
        {detail?.client === undefined ? null : <span className="text-soft">, {detail.client}</span>}
      </Fact>
      {event.request_id === null ? null : (
        <Fact term="Request">
          <Code text={event.request_id} />
        </Fact>
      )}
      <Fact term="Place in the chain">
        <span>Event {event.id}</span>
        <Code text={event.hash} />
        <p className="mt-1 text-sm text-soft">after</p>
        <Code text={event.previous_hash} />
      </Fact>
    </Facts>
  );
}

function DetailFacts({ detail, effects }: Pick<AuditEvent, "detail" | "effects">) {
  const counts = [
    [detail?.orphaned, "lost access"],
    [detail?.reactivated, "got access again"],
    [detail?.needs_update, "need a new value"],
    [detail?.deleted, "deleted"],
  ].filter(([count]) => typeof count === "number" && count > 0);
  return (
    <>
      {effects === null ? null : (
        <Fact term="What it meant for this connection">
          {effects.map((effect) => (
            <p key={effect}>{EFFECT_TEXT[effect]}</p>
          ))}
        </Fact>
      )}
      {detail?.reason === undefined ? null : <Fact term="Reason">{reasonText(detail.reason)}</Fact>}
      {detail?.fields === undefined ? null : (
        <Fact term="Header fields">
          <Code text={detail.fields.join(", ")} />
        </Fact>
      )}
      {detail?.changed === undefined ? null : <Fact term="Changed">{changesText(detail.changed)}</Fact>}
      {counts.length === 0 ? null : (
        <Fact term="Connections">{counts.map(([count, text]) => `${count} ${text}`).join(", ")}</Fact>
      )}
    </>
  );
}

function Code({ text }: { readonly text: string }) {
  return <code className="block font-mono text-xs break-all">{text}</code>;
}

function Only({ label, onPress }: { readonly label: string; readonly onPress: () => void }) {
  return (
    <button type="button" onClick={onPress} className="block rounded text-sm text-accent hover:underline">
      {label}
    </button>
  );
}
