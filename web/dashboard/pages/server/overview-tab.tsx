import { Link } from "wouter";
import type { ConnectionCounts, Server } from "../../app/admin-shapes.ts";
import { attentionOf, AUTH_TEXT, ERA_TEXT, toolsText } from "../../parts/server-text.ts";
import { NO_CONNECTIONS, useConnectionCounts } from "../../parts/use-connection-counts.ts";
import { STATUSES } from "../../parts/connections/connection-text.ts";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Fact, Facts, Nothing } from "../../ui/facts.tsx";
import { ForeignText } from "../../ui/foreign-text.tsx";
import { Notice } from "../../ui/notice.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { exactTime } from "../../ui/time-text.ts";

export function OverviewTab({ server }: { readonly server: Server }) {
  const counts = useConnectionCounts()?.get(server.id) ?? NO_CONNECTIONS;
  return (
    <div className="grid gap-6">
      <StateNotice server={server} counts={counts} />
      <div className="rounded-md border border-line bg-surface p-5">
        <Facts isWide>
          <Fact term="Address">
            <span className="flex items-start gap-1">
              <span className="min-w-0">{server.url}</span>
              <span className="-my-1.5">
                <CopyButton text={server.url} label="Copy the address" />
              </span>
            </span>
          </Fact>
          <Fact term="Keys">
            {AUTH_TEXT[server.auth_type]}
            <StaticNames names={server.static_header_names} />
          </Fact>
          <Fact term="Who may use it">{server.allow_all_identities ? "Everyone" : "Whoever is granted access"}</Fact>
          <Fact term="Tools">{toolsText(server)}</Fact>
          <Fact term="Protocol">
            {server.discovered === null
              ? null
              : `${server.discovered.protocol_version} (${ERA_TEXT[server.discovered.era].toLowerCase()})`}
          </Fact>
          <Fact term="Calls itself">
            <OwnName discovered={server.discovered} />
          </Fact>
          <Fact term="Last verified">
            {server.discovered === null ? (
              <Nothing label="Never" />
            ) : (
              <>
                <RelativeTime at={server.discovered.at} />
                <span className="text-soft"> · {exactTime(server.discovered.at)}</span>
              </>
            )}
          </Fact>
          <Fact term="Added">
            <RelativeTime at={server.created_at} />
          </Fact>
          <Fact term="Changed">
            <RelativeTime at={server.updated_at} />
          </Fact>
        </Facts>
      </div>
      {server.auth_type === "per_user_headers" ? <People server={server} counts={counts} /> : null}
    </div>
  );
}

function OwnName({ discovered }: Pick<Server, "discovered">) {
  const { server_name: name = null, server_version: version = null } = discovered ?? {};
  if (name === null) return <Nothing label="Not known" />;
  return <ForeignText text={version === null ? name : `${name} ${version}`} />;
}

function StaticNames({ names }: { readonly names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <p className="text-soft">
      Always sent:{" "}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 ? ", " : ""}
          <code className="font-mono text-xs">{name}</code>
        </span>
      ))}
    </p>
  );
}

interface OfServer {
  readonly server: Server;
  readonly counts: ConnectionCounts;
}

function StateNotice({ server, counts }: OfServer) {
  if (server.status === "disabled") {
    return (
      <Notice tone="info" title="Disabled">
        Nobody can use it. What people have stored is kept, unused, until it is enabled again or the retention ends.
      </Notice>
    );
  }
  if (server.status === "pending_verification") {
    return (
      <Notice tone="warn" title="Not verified yet">
        Nobody can use it before it has been tried once. Verify it with values of your own; they are not stored.
      </Notice>
    );
  }
  const attention = attentionOf(server, counts).filter((text) => !/rejected|updated/.test(text));
  return attention.length === 0 ? null : (
    <Notice tone="warn" title="Look at the tools">
      {attention.join(", ")}. Verify again to see what the server offers now.
    </Notice>
  );
}

function People({ server, counts }: OfServer) {
  return (
    <section aria-labelledby="connected">
      <h2 id="connected" className="mb-2 text-base">
        Connected
      </h2>
      <ul className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        {STATUSES.map((status) => (
          <li key={status}>
            <Link
              href={`/connections?server=${server.id}&status=${status}`}
              className="grid justify-items-start gap-2 rounded-md border border-line bg-surface p-4 transition-colors hover:bg-muted"
            >
              <span className="text-xl font-semibold">{counts[status].toLocaleString("en")}</span>
              <StatusBadge status={status} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
