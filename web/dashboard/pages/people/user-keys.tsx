import { useQuery } from "@tanstack/react-query";
import { answerOf } from "../../../../src/client/client.ts";
import { api, messageOf } from "../../app/api.ts";
import type { UserWithGroups } from "../../parts/people/people-api.ts";
import { Badge } from "../../ui/badge.tsx";
import { PanelSection } from "../../ui/panel.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";

const SHOWN = 50;

export function UserKeys({ user }: { readonly user: UserWithGroups }) {
  const query = { owner: user.id, limit: SHOWN };
  const keys = useQuery({
    queryKey: ["virtual-keys", "of", user.id],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/virtual-keys", { params: { query }, signal })),
  });
  return (
    <PanelSection title="Virtual keys">
      {keys.error === null ? null : <p className="text-bad">{messageOf(keys.error)}</p>}
      {keys.data?.items.length === 0 ? <p className="text-soft">None.</p> : null}
      <ul className="grid gap-2">
        {keys.data?.items.map(({ id, name, prefix, enabled, last_used_at: used }) => (
          <li key={id} className="flex items-center justify-between gap-3">
            <span className="min-w-0">
              <bdi className="block truncate">{name}</bdi>
              <span className="text-sm text-soft">
                <code className="font-mono text-xs">{prefix}…</code>
                {used === null ? " · never used" : " · used "}
                {used === null ? null : <RelativeTime at={used} />}
              </span>
            </span>
            {enabled ? null : <Badge>Disabled</Badge>}
          </li>
        ))}
      </ul>
    </PanelSection>
  );
}
