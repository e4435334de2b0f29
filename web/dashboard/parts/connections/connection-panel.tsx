import { useQuery } from "@tanstack/react-query";
import { ScrollText, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { answerOf } from "../../../../src/client/client.ts";
import type { Credential } from "../../app/admin-shapes.ts";
import { api } from "../../app/api.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Fact, Facts } from "../../ui/facts.tsx";
import { Panel } from "../../ui/panel.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { exactTime } from "../../ui/time-text.ts";
import { statusSentence } from "./connection-text.ts";
import { IdentityName } from "./identity-name.tsx";
import { RevokeDialog } from "./revoke-dialog.tsx";

interface ConnectionPanelProps {
  /** null: closed. */
  readonly id: string | null;
  readonly onClose: () => void;
}

/** Everything that is known of one connection. Its values are not among it: nobody is ever shown one. */
export function ConnectionPanel({ id, onClose }: ConnectionPanelProps) {
  const [isRevoking, setIsRevoking] = useState(false);
  const found = useQuery({
    queryKey: ["credentials", "one", id],
    queryFn: ({ signal }) =>
      answerOf(
        api.GET("/api/v1/credentials/{id}", { params: { path: { id: id ?? "" } }, signal }),
      ) as Promise<Credential>,
    enabled: id !== null,
  });
  const connection = found.data;
  return (
    <Panel
      isOpen={id !== null}
      onClose={onClose}
      title="Connection"
      description={connection && <IdentityName identity={connection.identity} />}
      actions={
        connection && (
          <>
            <ButtonLink href={`/audit?credential=${connection.id}`} icon={ScrollText}>
              In the audit log
            </ButtonLink>
            <Button icon={Trash2} onClick={() => setIsRevoking(true)}>
              Revoke
            </Button>
          </>
        )
      }
    >
      {found.error === null ? null : <ErrorState error={found.error} retry={() => void found.refetch()} />}
      {found.isPending ? <SkeletonRows label="Loading the connection" /> : null}
      {connection === undefined ? null : (
        <>
          <ConnectionFacts connection={connection} />
          <RevokeDialog
            isOpen={isRevoking}
            onClose={() => setIsRevoking(false)}
            chosen={[connection]}
            onRevoked={onClose}
          />
        </>
      )}
    </Panel>
  );
}

function ConnectionFacts({ connection }: { readonly connection: Credential }) {
  const { server, set_from: from } = connection;
  return (
    <Facts>
      <Fact term="Status">
        <StatusBadge status={connection.status} />
        <p className="mt-1.5">{statusSentence(connection)}</p>
      </Fact>
      <Fact term="Server">
        <Link href={`/servers/${server.id}`} className="text-accent underline-offset-2 hover:underline">
          {server.name}
        </Link>
        <p className="text-soft">Values are sent to {connection.url_origin} only.</p>
      </Fact>
      <Fact term="On file">
        <span className="flex flex-wrap gap-1.5">
          {connection.field_names.map((name) => (
            <code key={name} className="rounded bg-muted px-1.5 py-0.5 font-mono text-xs">
              {name}
            </code>
          ))}
        </span>
        <p className="mt-1 text-soft">Names only. No value is ever shown.</p>
      </Fact>
      <Fact term="Last set">
        <Moment at={connection.updated_at} />
        <p className="text-soft">
          {from === null
            ? "From where is not known."
            : `From ${from.client ?? "an unknown client"}, ${from.address ?? "unknown address"}`}
        </p>
      </Fact>
      <Fact term="First stored">
        <Moment at={connection.created_at} />
      </Fact>
      <Fact term="Verified">
        <Moment at={connection.verified_at} />
        {connection.verification === null ? null : (
          <p className="text-soft">
            {connection.verification === "proven"
              ? "Proven: the server refused a wrong value."
              : "Accepted: the server would perhaps take any value."}
          </p>
        )}
      </Fact>
      <Fact term="Last used">
        <Moment at={connection.last_used_at} none="Never" />
      </Fact>
      <Fact term="Id">
        <code className="font-mono text-xs">{connection.id}</code>
        <p className="text-soft">
          Value {connection.version}, for revision {connection.schema_revision} of the header fields
        </p>
      </Fact>
    </Facts>
  );
}

function Moment({ at, none = "Not known" }: { readonly at: number | null; readonly none?: string }) {
  if (at === null) return <span className="text-soft">{none}</span>;
  return (
    <>
      <RelativeTime at={at} />
      <span className="text-soft"> · {exactTime(at)}</span>
    </>
  );
}
