import { useQuery } from "@tanstack/react-query";
import { Monitor } from "lucide-react";
import { useState } from "react";
import { useLocation } from "wouter";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { SignInSession } from "../../app/api-shapes.ts";
import { keepCsrfToken } from "../../app/csrf.ts";
import { queryClient } from "../../app/query-client.ts";
import { useChange } from "../../app/use-change.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Section } from "../../ui/section.tsx";
import { SkeletonRows } from "../../ui/skeleton.tsx";

export function SessionsSection() {
  const [isLeaving, setIsLeaving] = useState(false);
  const sessions = useQuery({
    queryKey: ["sessions"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/sessions", { signal })),
  });
  return (
    <Section
      title="Sessions"
      description="Browsers in which you are signed in."
      actions={<Button onClick={() => setIsLeaving(true)}>Sign out everywhere</Button>}
    >
      {sessions.error !== null ? (
        <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />
      ) : sessions.data === undefined ? (
        <SkeletonRows rows={2} />
      ) : (
        <ul className="divide-y divide-line rounded-md border border-line bg-surface">
          {sessions.data.items.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </ul>
      )}
      <LeaveDialog isOpen={isLeaving} onClose={() => setIsLeaving(false)} />
    </Section>
  );
}

function SessionRow({ session }: { readonly session: SignInSession }) {
  const end = useChange({
    change: () => answerOf(api.DELETE("/api/v1/sessions/{id}", { params: { path: { id: session.id } } })),
    refreshes: ["sessions"],
    done: "That session is ended.",
  });
  const name = session.client ?? "Unknown browser";
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-3 p-4">
      <div className="flex min-w-0 grow basis-48 gap-3">
        <Monitor aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-soft" />
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 font-medium">
            {name}
            {session.current ? <Badge tone="good">This session</Badge> : null}
          </p>
          <p className="text-sm text-soft">
            {session.address === null ? "" : `${session.address} · `}signed in <RelativeTime at={session.created_at} />{" "}
            · ends <RelativeTime at={session.expires_at} />
          </p>
        </div>
      </div>
      {session.current ? null : (
        <Button size="sm" isBusy={end.isPending} onClick={() => end.mutate()} aria-label={`End the session in ${name}`}>
          End
        </Button>
      )}
    </li>
  );
}

function LeaveDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const [, navigate] = useLocation();
  const leave = useChange({
    change: () => answerOf(api.DELETE("/api/v1/sessions")),
    refreshes: [],
    showsError: true,
    onDone: () => {
      keepCsrfToken(null);
      navigate("/sign-in");
      queryClient.clear();
    },
  });
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title="Sign out everywhere?"
      action="Sign out everywhere"
      onConfirm={() => leave.mutateAsync()}
    >
      <p>
        Every session ends, this one too. Virtual keys and connected apps go on working: revoke them on their pages.
      </p>
    </ConfirmDialog>
  );
}
