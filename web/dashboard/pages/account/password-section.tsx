import { answerOf } from "../../../../src/client/client.ts";
import { PASSWORD_HINT, passwordProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { useSession, useSignInOptions } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice } from "../../ui/notice.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import { Section } from "../../ui/section.tsx";
import { useForm } from "../../ui/use-form.ts";

interface Passwords {
  readonly current: string;
  readonly new: string;
}

export function PasswordSection() {
  const { user } = useSession();
  const options = useSignInOptions();
  const change = useChange({
    change: (password: Passwords) => answerOf(api.PATCH("/api/v1/me", { body: { password } })),
    refreshes: ["me", "sessions"],
    showsError: true,
    done: "Your password is changed.",
    onDone: () => form.reset(),
  });
  const form = useForm({
    initial: { current: "", next: "" },
    check: ({ current, next }) =>
      problemsOf({
        current: current === "" ? "Enter the password that you have now." : undefined,
        next: passwordProblem(next),
      }),
    send: ({ current, next }) => change.mutate({ current, new: next }),
  });
  return (
    <Section
      title="Password"
      description={
        options.data?.sso ? "Only for accounts that sign in by password." : "Changing it ends your other sessions."
      }
    >
      <form noValidate onSubmit={form.onSubmit} className="grid max-w-md gap-4">
        {change.error === null ? null : <Notice tone="bad">{messageOf(change.error)}</Notice>}
        <input type="email" autoComplete="username" value={user.email} readOnly hidden />
        <Field label="Current password" error={form.errors.current}>
          {(control) => <PasswordInput {...control} {...form.input("current")} autoComplete="current-password" />}
        </Field>
        <Field label="New password" error={form.errors.next} hint={PASSWORD_HINT}>
          {(control) => <PasswordInput {...control} {...form.input("next")} autoComplete="new-password" />}
        </Field>
        <div>
          <Button type="submit" isBusy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Section>
  );
}
