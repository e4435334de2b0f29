import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { useParams } from "wouter";
import { ApiFailure } from "../../../../src/client/client.ts";
import type { Server } from "../../app/admin-shapes.ts";
import { useFilters } from "../../app/use-filters.ts";
import { getServer } from "../../parts/server-api.ts";
import { ServerStatusBadge } from "../../parts/server-status-badge.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { NotFoundPage } from "../not-found/not-found-page.tsx";
import { AccessTab } from "./access-tab.tsx";
import { ConnectionsTab } from "./connections-tab.tsx";
import { FieldsTab } from "./fields-tab.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { ServerActions } from "./server-actions.tsx";
import { SettingsTab } from "./settings-tab.tsx";
import { ToolsTab } from "./tools-tab.tsx";
import { UnsavedContext } from "./unsaved.ts";

type TabName = "overview" | "fields" | "tools" | "access" | "connections" | "settings";

export function ServerPage() {
  const { id = "" } = useParams();
  const found = useQuery({ queryKey: ["server", id], queryFn: ({ signal }) => getServer(id, signal) });
  if (found.error instanceof ApiFailure && found.error.status === 404) return <NotFoundPage />;
  if (found.error !== null && found.data === undefined) {
    return (
      <>
        <PageHeader title="Server" />
        <ErrorState error={found.error} retry={() => void found.refetch()} />
      </>
    );
  }
  if (found.data === undefined) return <SkeletonRows label="Loading the server" />;
  return <ServerView key={found.data.id} server={found.data} />;
}

function ServerView({ server }: { readonly server: Server }) {
  const filters = useFilters(["tab", "connection"]);
  const tab = (filters.values.tab ?? "overview") as TabName;
  const [unsaved, setUnsaved] = useState<ReadonlySet<string>>(new Set());
  const [wanted, setWanted] = useState<TabName | null>(null);

  const tell = useCallback((who: string, isUnsaved: boolean) => {
    setUnsaved((before) => {
      if (before.has(who) === isUnsaved) return before;
      return isUnsaved ? new Set([...before, who]) : new Set([...before].filter((each) => each !== who));
    });
  }, []);

  function go(next: TabName): void {
    filters.set({ tab: next === "overview" ? null : next, connection: null });
  }

  const hasFields = server.auth_type === "per_user_headers";
  return (
    <UnsavedContext value={tell}>
      <PageHeader
        title={server.name}
        description={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <ServerStatusBadge status={server.status} />
            <span className="min-w-0">{server.url_origin}</span>
          </span>
        }
        actions={<ServerActions server={server} />}
      />
      <Tabs<TabName>
        asksFirst
        label={`Views of ${server.name}`}
        value={tab}
        onChange={(next) => (unsaved.size > 0 ? setWanted(next) : go(next))}
        tabs={[
          { value: "overview", label: "Overview", content: <OverviewTab server={server} /> },
          ...(hasFields
            ? [{ value: "fields" as const, label: "Header fields", content: <FieldsTab server={server} /> }]
            : []),
          { value: "tools", label: "Tools", content: <ToolsTab server={server} /> },
          { value: "access", label: "Access", content: <AccessTab server={server} /> },
          ...(hasFields
            ? [{ value: "connections" as const, label: "Connections", content: <ConnectionsTab server={server} /> }]
            : []),
          { value: "settings", label: "Settings", content: <SettingsTab server={server} /> },
        ]}
      />
      <ConfirmDialog
        isOpen={wanted !== null}
        onClose={() => setWanted(null)}
        title="Leave without saving?"
        action="Leave"
        onConfirm={async () => {
          if (wanted !== null) go(wanted);
        }}
      >
        What you have changed here is not saved yet.
      </ConfirmDialog>
    </UnsavedContext>
  );
}
