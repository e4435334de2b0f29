import { AppWindow } from "lucide-react";
import { useState } from "react";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { App } from "../../app/api-shapes.ts";
import { useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { usePages } from "../../app/use-pages.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { DataTable, idOf, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

type Whose = "mine" | "all";

const LIMIT = 100;

export function AppsPage() {
  const { isAdmin } = useSession();
  const [whose, setWhose] = useState<Whose>("mine");
  const [revoking, setRevoking] = useState<App | null>(null);
  const apps = usePages(["apps", whose], (cursor, signal) =>
    answerOf(
      api.GET("/api/v1/apps", {
        params: {
          query: { limit: LIMIT, ...(cursor && { cursor }), ...(whose === "all" && { all: "true" as const }) },
        },
        signal,
      }),
    ),
  );
  const revoke = useChange({
    change: (app: App) => answerOf(api.DELETE("/api/v1/apps/{id}", { params: { path: { id: app.id } } })),
    refreshes: ["apps"],
    showsError: true,
    done: (_, app) => `${app.client.name} has no access any more.`,
  });

  return (
    <>
      <PageHeader
        title="Connected apps"
        description="MCP clients that signed in through the browser and act as you."
        actions={
          isAdmin ? (
            <SegmentedControl
              label="Whose apps"
              value={whose}
              onChange={setWhose}
              options={[
                ["mine", "Mine"],
                ["all", "Everyone's"],
              ]}
            />
          ) : undefined
        }
      />
      {apps.error !== null && apps.items.length === 0 ? (
        <ErrorState error={apps.error} retry={apps.retry} />
      ) : apps.isLoading ? (
        <SkeletonRows />
      ) : apps.items.length === 0 ? (
        <EmptyState
          icon={AppWindow}
          title={whose === "mine" ? "No app is connected" : "Nobody has connected an app"}
          action={<ButtonLink href="/connect-a-client">Connect a client</ButtonLink>}
        >
          Give a client Keyward's address. It opens a page here, asks for your permission, and then stands in this list.
        </EmptyState>
      ) : (
        <DataTable
          label="Connected apps"
          columns={columnsOf(whose, setRevoking)}
          rows={apps.items}
          keyOf={idOf}
          hasMore={apps.hasMore}
          isLoadingMore={apps.isLoadingMore}
          onEnd={apps.loadMore}
          isStale={apps.isStale}
        />
      )}
      <ConfirmDialog
        isOpen={revoking !== null}
        onClose={() => setRevoking(null)}
        title={
          <>
            Revoke the access of <bdi>{revoking?.client.name}</bdi>?
          </>
        }
        action="Revoke"
        onConfirm={() => (revoking === null ? Promise.resolve() : revoke.mutateAsync(revoking))}
      >
        <p>
          Its next call is refused and its access ends for good. Stored keys stay as they are. To use it again, connect
          it again.
        </p>
      </ConfirmDialog>
    </>
  );
}

function columnsOf(whose: Whose, onRevoke: (app: App) => void): readonly Column<App>[] {
  return [
    {
      key: "app",
      header: "App",
      width: "minmax(0, 2fr)",
      cell: ({ client }) => (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <bdi className="font-medium">{client.name}</bdi>
          {client.host === null ? <Badge>Self-registered</Badge> : <bdi className="text-soft">{client.host}</bdi>}
        </div>
      ),
    },
    ...(whose === "all"
      ? [{ key: "user", header: "Person", cell: ({ user }: App) => <bdi>{user.name}</bdi> } satisfies Column<App>]
      : []),
    { key: "since", header: "Connected", cell: (app) => <RelativeTime at={app.created_at} /> },
    {
      key: "used",
      header: "Last used",
      cell: (app) =>
        app.last_used_at === null ? <span className="text-soft">Never</span> : <RelativeTime at={app.last_used_at} />,
    },
    {
      key: "actions",
      header: "Actions",
      width: "7rem",
      isBare: true,
      align: "end",
      cell: (app) => (
        <Button size="sm" onClick={() => onRevoke(app)} aria-label={`Revoke ${app.client.name}`}>
          Revoke
        </Button>
      ),
    },
  ];
}
