import { Redirect, useLocation } from "wouter";
import { answerOf } from "../../../../src/client/client.ts";
import { emailProblem, nameProblem, PASSWORD_HINT, passwordProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { enter } from "../../app/enter.ts";
import { GateLayout } from "../../app/gate-layout.tsx";
import { linkToken } from "../../app/link-token.ts";
import { useSignInOptions } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import { Splash } from "../../ui/splash.tsx";
import { useForm } from "../../ui/use-form.ts";

/** The first start: the one-time token of the terminal makes the first administrator. */
export function SetupPage() {
  const options = useSignInOptions();
  if (options.error !== null) {
    return <ErrorState error={options.error} retry={() => void options.refetch()} isPage />;
  }
  if (options.isPending) return <Splash />;
  if (!options.data.setup_open) return <Redirect to="/" replace />;
  return (
    <GateLayout title="Set up Keyward" description="Make the first administrator. Everybody else is invited later.">
      <SetupForm />
    </GateLayout>
  );
}

function SetupForm() {
  const [, navigate] = useLocation();
  const fromLink = linkToken();
  const setUp = useChange({
    change: (body: { setup_token: string; name: string; email: string; password: string }) =>
      answerOf(api.POST("/api/v1/setup/admin", { body })),
    refreshes: [],
    showsError: true,
    onDone: ({ csrf_token: token }) => void enter(token, "/", navigate),
  });
  const form = useForm({
    initial: { token: fromLink ?? "", name: "", email: "", password: "" },
    check: ({ token, name, email, password }) =>
      problemsOf({
        token: token.trim() === "" ? "Enter the setup token." : undefined,
        name: nameProblem(name),
        email: emailProblem(email),
        password: passwordProblem(password),
      }),
    send: ({ token, name, email, password }) =>
      setUp.mutate({ setup_token: token.trim(), name: name.trim(), email: email.trim(), password }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
      {setUp.error === null ? null : <Notice tone="bad">{messageOf(setUp.error)}</Notice>}
      <Field
        label="Setup token"
        error={form.errors.token}
        hint={fromLink === null ? "Keyward printed it in the terminal when it started." : "Taken from your link."}
      >
        {(control) => (
          <Input {...control} {...form.input("token")} spellCheck={false} autoCapitalize="off" className="font-mono" />
        )}
      </Field>
      <Field label="Your name" error={form.errors.name}>
        {(control) => <Input {...control} {...form.input("name")} autoComplete="name" maxLength={80} />}
      </Field>
      <Field label="E-mail address" error={form.errors.email}>
        {(control) => (
          <Input {...control} {...form.input("email")} type="email" autoComplete="username" spellCheck={false} />
        )}
      </Field>
      <Field label="Password" error={form.errors.password} hint={PASSWORD_HINT}>
        {(control) => <PasswordInput {...control} {...form.input("password")} autoComplete="new-password" />}
      </Field>
      <Button type="submit" variant="primary" isBusy={setUp.isPending || setUp.isSuccess} className="mt-1 h-10">
        Create administrator
      </Button>
    </form>
  );
}
