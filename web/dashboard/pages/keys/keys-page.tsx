import { KeyRound, Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { VirtualKey } from "../../app/api-shapes.ts";
import { useSession } from "../../app/session.tsx";
import { useDebounced } from "../../app/use-debounced.ts";
import { usePages, type Pages } from "../../app/use-pages.ts";
import { Button } from "../../ui/button.tsx";
import { DataTable, idOf } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { CreateKeyDialog } from "./create-key-dialog.tsx";
import { KeyDialog, type KeyTask } from "./key-dialog.tsx";
import { keyColumns } from "./key-columns.tsx";
import { KeyShownDialog, type ShownKey } from "./key-shown-dialog.tsx";

type Whose = "mine" | "all";

const LIMIT = 100;

export function KeysPage() {
  const { user, isAdmin } = useSession();
  const [whose, setWhose] = useState<Whose>("mine");
  const [search, setSearch] = useState("");
  const [isCreating, setIsCreating] = useState(false);
  const [task, setTask] = useState<KeyTask | null>(null);
  const [shown, setShown] = useState<ShownKey | null>(null);

  const q = useDebounced(search.trim());
  const owner = isAdmin && whose === "mine" ? user.id : undefined;
  const keys = usePages(["virtual-keys", { owner, q }], (cursor, signal) =>
    answerOf(
      api.GET("/api/v1/virtual-keys", {
        params: { query: { limit: LIMIT, ...(owner && { owner }), ...(q && { q }), ...(cursor && { cursor }) } },
        signal,
      }),
    ),
  );

  const create = (
    <Button variant="primary" icon={Plus} onClick={() => setIsCreating(true)}>
      Create key
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Virtual keys"
        description="Keys for clients that cannot sign in through the browser. A key of yours acts as you."
        actions={create}
      />
      <div className="mb-4 flex flex-wrap gap-3">
        {isAdmin ? (
          <SegmentedControl
            label="Whose keys"
            value={whose}
            onChange={setWhose}
            options={[
              ["mine", "Mine"],
              ["all", "Everyone's"],
            ]}
          />
        ) : null}
        <SearchInput
          label="Search keys"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          className="max-w-full sm:w-72"
        />
      </div>
      <Keys
        keys={keys}
        isFiltered={q !== ""}
        onClear={() => setSearch("")}
        onTask={setTask}
        hasOwners={isAdmin && whose === "all"}
        create={create}
      />
      <CreateKeyDialog
        isOpen={isCreating}
        onClose={() => setIsCreating(false)}
        onCreated={(key) => setShown({ key, isNew: true })}
      />
      <KeyDialog task={task} onClose={() => setTask(null)} onRotated={(key) => setShown({ key, isNew: false })} />
      <KeyShownDialog shown={shown} onClose={() => setShown(null)} />
    </>
  );
}

interface KeysProps {
  readonly keys: Pages<VirtualKey>;
  readonly isFiltered: boolean;
  readonly onClear: () => void;
  readonly onTask: (task: KeyTask) => void;
  readonly hasOwners: boolean;
  readonly create: ReactNode;
}

function Keys({ keys, isFiltered, onClear, onTask, hasOwners, create }: KeysProps) {
  if (keys.error !== null && keys.items.length === 0) return <ErrorState error={keys.error} retry={keys.retry} />;
  if (keys.isLoading) return <SkeletonRows />;
  if (keys.items.length === 0 && isFiltered) return <NoMatch onClear={onClear} />;
  if (keys.items.length === 0) {
    return (
      <EmptyState icon={KeyRound} title="No virtual key yet" action={create}>
        Create one for a client that sends a fixed key, such as a script or an agent on a server. It is shown once.
      </EmptyState>
    );
  }
  return (
    <DataTable
      label="Virtual keys"
      columns={keyColumns({ hasOwners, onTask })}
      rows={keys.items}
      keyOf={idOf}
      hasMore={keys.hasMore}
      isLoadingMore={keys.isLoadingMore}
      onEnd={keys.loadMore}
      isStale={keys.isStale}
    />
  );
}
