import { useLocation } from "wouter";
import { answerOf } from "../../../../src/client/client.ts";
import { emailProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { enter } from "../../app/enter.ts";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import { useForm } from "../../ui/use-form.ts";

interface PasswordFormProps {
  readonly next: string;
  /** Below single sign-on, which is the main way in. */
  readonly isSecond: boolean;
}

export function PasswordForm({ next, isSecond }: PasswordFormProps) {
  const [, navigate] = useLocation();
  const signIn = useChange({
    change: (body: { email: string; password: string }) => answerOf(api.POST("/api/v1/session", { body })),
    refreshes: [],
    showsError: true,
    onDone: ({ csrf_token: token }) => void enter(token, next, navigate),
  });
  const form = useForm({
    initial: { email: "", password: "" },
    check: ({ email, password }) =>
      problemsOf({
        email: emailProblem(email),
        password: password === "" ? "Enter your password." : undefined,
      }),
    send: ({ email, password }) => signIn.mutate({ email: email.trim(), password }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit} className="grid gap-4">
      {signIn.error === null ? null : <Notice tone="bad">{messageOf(signIn.error)}</Notice>}
      <Field label="E-mail address" error={form.errors.email}>
        {(control) => (
          <Input {...control} {...form.input("email")} type="email" autoComplete="username" spellCheck={false} />
        )}
      </Field>
      <Field label="Password" error={form.errors.password}>
        {(control) => <PasswordInput {...control} {...form.input("password")} autoComplete="current-password" />}
      </Field>
      <Button
        type="submit"
        variant={isSecond ? "secondary" : "primary"}
        isBusy={signIn.isPending || signIn.isSuccess}
        className="mt-1 h-10"
      >
        Sign in
      </Button>
    </form>
  );
}
