import { useQuery } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { answerOf, ApiFailure } from "../../../../src/client/client.ts";
import { PASSWORD_HINT, passwordProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import type { Invitation } from "../../app/api-shapes.ts";
import { enter } from "../../app/enter.ts";
import { GateLayout } from "../../app/gate-layout.tsx";
import { linkToken } from "../../app/link-token.ts";
import { useChange } from "../../app/use-change.ts";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import { RelativeTime } from "../../ui/relative-time.tsx";
import { Splash } from "../../ui/splash.tsx";
import { useForm } from "../../ui/use-form.ts";

/** Behind the link of an invitation: whoever holds it chooses a password, and is signed in. */
export function InvitePage() {
  const token = linkToken();
  const invitation = useQuery({
    queryKey: ["invitation"],
    queryFn: ({ signal }) => answerOf(api.POST("/api/v1/invites/view", { body: { token: token ?? "" }, signal })),
    enabled: token !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });

  if (token === null || (invitation.error instanceof ApiFailure && invitation.error.status < 500)) {
    return <DeadInvite wasReloaded={token === null} />;
  }
  if (invitation.error !== null) {
    return <ErrorState error={invitation.error} retry={() => void invitation.refetch()} isPage />;
  }
  return invitation.isPending ? <Splash /> : <AcceptInvite token={token} invitation={invitation.data} />;
}

function DeadInvite({ wasReloaded }: { readonly wasReloaded: boolean }) {
  return (
    <GateLayout title={wasReloaded ? "Open your link again" : "This invitation cannot be used"}>
      <p className="text-soft">
        {wasReloaded
          ? "A reload takes the invitation out of the address. Open the link that you were sent once more."
          : "It is unknown, expired or already used. Ask an administrator for a new one."}
      </p>
      <ButtonLink href="/sign-in" className="mt-6 w-full">
        Go to sign in
      </ButtonLink>
    </GateLayout>
  );
}

interface AcceptInviteProps {
  readonly token: string;
  readonly invitation: Invitation;
}

function AcceptInvite({ token, invitation }: AcceptInviteProps) {
  const [, navigate] = useLocation();
  const accept = useChange({
    change: (password: string) => answerOf(api.POST("/api/v1/invites/accept", { body: { token, password } })),
    refreshes: [],
    showsError: true,
    onDone: ({ csrf_token: csrf }) => void enter(csrf, "/", navigate),
  });
  const form = useForm({
    initial: { password: "" },
    check: ({ password }) => problemsOf({ password: passwordProblem(password) }),
    send: ({ password }) => accept.mutate(password),
  });
  return (
    <GateLayout
      title="Welcome to Keyward"
      description={
        <>
          Choose a password for <bdi className="font-medium text-ink">{invitation.email}</bdi>. The invitation ends{" "}
          <RelativeTime at={invitation.expires_at} />.
        </>
      }
    >
      <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
        {accept.error === null ? null : <Notice tone="bad">{messageOf(accept.error)}</Notice>}
        {/* Tells a password manager whose password it is. */}
        <input type="email" autoComplete="username" value={invitation.email} readOnly hidden />
        <Field label="Password" error={form.errors.password} hint={PASSWORD_HINT}>
          {(control) => <PasswordInput {...control} {...form.input("password")} autoComplete="new-password" />}
        </Field>
        <Button type="submit" variant="primary" isBusy={accept.isPending || accept.isSuccess} className="mt-1 h-10">
          Set password and sign in
        </Button>
      </form>
    </GateLayout>
  );
}
