import { Plus, Server as ServerIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import type { ConnectionCounts, Server } from "../../app/admin-shapes.ts";
import { usePages } from "../../app/use-pages.ts";
import { listServers } from "../../parts/server-api.ts";
import { ServerStatusBadge } from "../../parts/server-status-badge.tsx";
import { attentionOf, AUTH_WORD, ERA_TEXT, toolsText } from "../../parts/server-text.ts";
import { NO_CONNECTIONS, useConnectionCounts } from "../../parts/use-connection-counts.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Nothing } from "../../ui/facts.tsx";
import { people } from "../../ui/impact-text.ts";
import { PageHeader } from "../../ui/page-header.tsx";
import { RowLink } from "../../ui/row-link.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

type Row = Server & { readonly counts: ConnectionCounts | null };

const COLUMNS: readonly Column<Row>[] = [
  {
    key: "server",
    header: "Server",
    width: "minmax(0, 2fr)",
    cell: (server) => (
      <>
        <RowLink href={`/servers/${server.id}`}>{server.name}</RowLink>
        <div className="truncate text-sm text-soft">{server.url_origin}</div>
      </>
    ),
  },
  {
    key: "status",
    header: "Status",
    width: "7rem",
    cell: ({ status }) => <ServerStatusBadge status={status} />,
  },
  {
    key: "auth",
    header: "Keys",
    width: "7rem",
    cell: ({ auth_type: type }) => AUTH_WORD[type],
  },
  {
    key: "tools",
    header: "Tools",
    width: "5rem",
    cell: (server) => toolsText(server) ?? <Nothing label="Not known yet" />,
  },
  {
    key: "era",
    header: "Era",
    width: "4.5rem",
    cell: ({ discovered }) => (discovered === null ? <Nothing label="Not known yet" /> : ERA_TEXT[discovered.era]),
  },
  {
    key: "people",
    header: "Connected",
    width: "6rem",
    cell: ({ auth_type: type, counts }) => {
      if (type !== "per_user_headers") return <Nothing label="Nobody needs a key" />;
      return counts === null ? <Nothing label="Not known yet" /> : people(counts.active);
    },
  },
  {
    key: "attention",
    header: "Attention",
    width: "minmax(0, 1.25fr)",
    cell: (server) => <Attention texts={attentionOf(server, server.counts ?? NO_CONNECTIONS)} />,
  },
];

function Attention({ texts }: { readonly texts: readonly string[] }) {
  if (texts.length === 0) return <Nothing label="Nothing" />;
  return (
    <ul className="grid gap-0.5 text-sm text-warn">
      {texts.map((text) => (
        <li key={text} className="flex items-center gap-1.5 max-md:justify-end">
          <TriangleAlert aria-hidden="true" className="size-3.5 shrink-0" />
          {text}
        </li>
      ))}
    </ul>
  );
}

export function ServersPage() {
  const servers = usePages(["servers", "list"], listServers);
  const add = (
    <ButtonLink href="/servers/new" variant="primary" icon={Plus}>
      Add a server
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title="Servers"
        description="MCP servers that people reach through Keyward, each with their own keys."
        actions={servers.items.length > 0 ? add : undefined}
      />
      <ServerList servers={servers} add={add} />
    </>
  );
}

interface ServerListProps {
  readonly servers: ReturnType<typeof usePages<Server>>;
  readonly add: ReactNode;
}

function ServerList({ servers, add }: ServerListProps) {
  const counts = useConnectionCounts();
  if (servers.isLoading) return <SkeletonRows label="Loading servers" />;
  if (servers.error !== null) return <ErrorState error={servers.error} retry={servers.retry} />;
  if (servers.items.length === 0) {
    return (
      <EmptyState icon={ServerIcon} title="No servers yet" action={add}>
        Add an MCP server once: its address, and which headers each person has to supply. Keyward tries it out, finds
        its tools, and asks everyone for their own values at the first call.
      </EmptyState>
    );
  }
  return (
    <DataTable
      label="Servers"
      columns={COLUMNS}
      rows={servers.items.map((server) => ({ ...server, counts: countsOf(server, counts) }))}
      keyOf={idOf}
      hasMore={servers.hasMore}
      isLoadingMore={servers.isLoadingMore}
      onEnd={servers.loadMore}
    />
  );
}

function countsOf({ id }: Server, counts: ReadonlyMap<string, ConnectionCounts> | undefined): ConnectionCounts | null {
  return counts === undefined ? null : (counts.get(id) ?? NO_CONNECTIONS);
}
