import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { api, messageOf } from "../../app/api.ts";
import type { UserWithGroups } from "../../parts/people/people-api.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { PanelSection } from "../../ui/panel.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";

const SHOWN = 8;

export function UserConnections({ user }: { readonly user: UserWithGroups }) {
  const query = { auth_mode: "user", identity: user.id, limit: SHOWN } as const;
  const connections = useQuery({
    queryKey: ["credentials", "of", user.id],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/credentials", { params: { query }, signal })),
  });
  const items = connections.data?.items ?? [];
  const all = (
    <ButtonLink size="sm" variant="quiet" href={`/connections?kind=user&identity=${user.id}`}>
      Show all
    </ButtonLink>
  );
  return (
    <PanelSection title="Connections" action={items.length === 0 ? undefined : all}>
      {connections.error === null ? null : <p className="text-bad">{messageOf(connections.error)}</p>}
      {connections.data !== undefined && items.length === 0 ? <p className="text-soft">Nothing is stored.</p> : null}
      <ul className="grid gap-2">
        {items.map(({ id, server, status }) => (
          <li key={id} className="flex items-center justify-between gap-3">
            <span className="min-w-0 truncate">{server.name}</span>
            <StatusBadge status={status} />
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
