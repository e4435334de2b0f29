import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useParams } from "wouter";
import { answerOf, ApiFailure } from "../../../../src/client/client.ts";
import { api, messageOf } from "../../app/api.ts";
import type { Consent } from "../../app/api-shapes.ts";
import { GateLayout } from "../../app/gate-layout.tsx";
import { SessionGate, useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Splash } from "../../ui/splash.tsx";
import { scopeText } from "./scope-text.ts";

/** An app asks to act as whoever is signed in. */
export function ConsentPage() {
  return (
    <SessionGate>
      <ConsentRequest />
    </SessionGate>
  );
}

function ConsentRequest() {
  const { uid } = useParams<{ uid: string }>();
  const consent = useQuery({
    queryKey: ["consent", uid],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/oauth/consent/{uid}", { params: { path: { uid } }, signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (consent.error instanceof ApiFailure && consent.error.status < 500 && consent.error.status !== 0) {
    return (
      <GateLayout title="This request has ended">
        <p className="text-soft">It is unknown, expired or already answered. Connect again from your app.</p>
      </GateLayout>
    );
  }
  if (consent.error !== null) {
    return <ErrorState error={consent.error} retry={() => void consent.refetch()} isPage />;
  }
  return consent.isPending ? <Splash /> : <Decision uid={uid} consent={consent.data} />;
}

function Decision({ uid, consent }: { readonly uid: string; readonly consent: Consent }) {
  const { user } = useSession();
  const { client, scopes } = consent;
  const decide = useChange({
    change: (decision: "allow" | "deny") =>
      answerOf(api.POST("/api/v1/oauth/consent/{uid}", { params: { path: { uid } }, body: { decision } })),
    refreshes: ["apps"],
    showsError: true,
    onDone: ({ redirect_to: target }) => location.assign(target),
  });
  const isBusy = decide.isPending || decide.isSuccess;
  return (
    <GateLayout
      title={`Allow ${client.name ?? "an app without a name"}?`}
      description={
        <>
          It wants to use MCP servers as you, <bdi className="font-medium text-ink">{user.name}</bdi>.
        </>
      }
    >
      <div className="grid gap-5">
        {decide.error === null ? null : <Notice tone="bad">{messageOf(decide.error)}</Notice>}
        <Provenance client={client} />
        <div>
          <h2 className="mb-2 text-sm font-medium text-soft">What it may do</h2>
          <ul className="grid list-disc gap-1 pl-5 marker:text-soft">
            {scopes.map((scope) => (
              <li key={scope}>{scopeText(scope)}</li>
            ))}
          </ul>
        </div>
        <p className="text-soft">You can take this back at any time under Connected apps.</p>
        <div className="grid grid-cols-2 gap-2">
          <Button className="h-10" isBusy={isBusy && decide.variables === "deny"} onClick={() => decide.mutate("deny")}>
            Deny
          </Button>
          <Button
            variant="primary"
            className="h-10"
            isBusy={isBusy && decide.variables === "allow"}
            onClick={() => decide.mutate("allow")}
          >
            Allow
          </Button>
        </div>
      </div>
    </GateLayout>
  );
}

/** What is known of the app, and where the answer goes: names alone can be chosen by anybody. */
function Provenance({ client }: { readonly client: Consent["client"] }) {
  const Icon = client.verified ? ShieldCheck : ShieldAlert;
  return (
    <dl className="grid gap-3 rounded-md border border-line p-3">
      <div>
        <dt className="text-sm text-soft">App</dt>
        <dd className="flex gap-2">
          <Icon
            aria-hidden="true"
            className={client.verified ? "mt-0.5 size-4 shrink-0 text-good" : "mt-0.5 size-4 shrink-0 text-warn"}
          />
          {client.verified && client.host !== null ? (
            <span>
              Published by <bdi className="font-medium">{client.host}</bdi>
            </span>
          ) : (
            "Unverified, self-registered: it chose its name itself"
          )}
        </dd>
      </div>
      <div>
        <dt className="text-sm text-soft">The answer goes to</dt>
        <dd>
          <bdi className="font-medium">{client.redirect_host}</bdi>
        </dd>
      </div>
    </dl>
  );
}
