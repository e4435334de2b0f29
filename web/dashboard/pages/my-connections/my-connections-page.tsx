import { Plug } from "lucide-react";
import { useDeferredValue, useState } from "react";
import type { MyServer, TestResult } from "../../app/api-shapes.ts";
import { useMe, useSession } from "../../app/session.tsx";
import { ButtonLink } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { PageHeader } from "../../ui/page-header.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { ConnectionList } from "./connection-list.tsx";
import type { TestResults } from "./connection-row.tsx";
import { GettingStarted } from "./getting-started.tsx";
import { needsAttention } from "./needs-attention.ts";

/** Fewer are taken in at a glance. */
const SEARCH_FROM = 8;

export function MyConnectionsPage() {
  return (
    <>
      <PageHeader
        title="My connections"
        description="The MCP servers that you may use, and the keys that Keyward holds for you."
      />
      <Content />
    </>
  );
}

function Content() {
  const me = useMe();
  if (me.error !== null && me.data === undefined) {
    return <ErrorState error={me.error} retry={() => void me.refetch()} />;
  }
  if (me.data === undefined) return <SkeletonRows />;
  return me.data.servers.length === 0 ? <Nothing /> : <Connections servers={me.data.servers} />;
}

function Nothing() {
  const { isAdmin } = useSession();
  if (isAdmin) return <GettingStarted />;
  return (
    <EmptyState
      icon={Plug}
      title="There is no server for you yet"
      action={<ButtonLink href="/connect-a-client">Connect a client</ButtonLink>}
    >
      An administrator decides who may use which server. Ask for access; meanwhile you can set up your MCP client.
    </EmptyState>
  );
}

function Connections({ servers }: { readonly servers: readonly MyServer[] }) {
  const [search, setSearch] = useState("");
  const results = useTestResults();
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = servers.filter(({ name, url_origin: origin }) => `${name} ${origin}`.toLowerCase().includes(wanted));
  const urgent = found.filter(needsAttention);
  const rest = found.filter((server) => !needsAttention(server));
  return (
    <div className="grid gap-8">
      {servers.length < SEARCH_FROM ? null : (
        <SearchInput
          label="Search servers"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          className="sm:max-w-xs"
        />
      )}
      {found.length === 0 ? <NoMatch onClear={() => setSearch("")} /> : null}
      <ConnectionList title="Needs your attention" servers={urgent} results={results} />
      <ConnectionList
        title={urgent.length === 0 ? "Servers" : "Everything else"}
        isTitleHidden={urgent.length === 0}
        servers={rest}
        results={results}
      />
    </div>
  );
}

function useTestResults(): TestResults {
  const [results, setResults] = useState<ReadonlyMap<string, TestResult | undefined>>(new Map());
  return {
    of: ({ id }) => results.get(id),
    keep: ({ id }, result) => setResults((before) => new Map(before).set(id, result)),
  };
}
