import { answerOf } from "../../../../src/client/client.ts";
import { nameProblem, problemsOf } from "../../app/account-rules.ts";
import { api, messageOf } from "../../app/api.ts";
import { useSession } from "../../app/session.tsx";
import { useChange } from "../../app/use-change.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { useForm } from "../../ui/use-form.ts";

export function ProfileSection() {
  const { user, isAdmin } = useSession();
  const save = useChange({
    change: (name: string) => answerOf(api.PATCH("/api/v1/me", { body: { name } })),
    refreshes: ["me"],
    showsError: true,
    done: "Your name is saved.",
  });
  const form = useForm({
    initial: { name: user.name },
    check: ({ name }) => problemsOf({ name: nameProblem(name) }),
    send: ({ name }) => save.mutate(name.trim()),
  });
  return (
    <Section title="Profile">
      <form noValidate onSubmit={form.onSubmit} className="grid max-w-md gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <Field label="Name" error={form.errors.name}>
          {(control) => <Input {...control} {...form.input("name")} autoComplete="name" maxLength={80} />}
        </Field>
        <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-6 gap-y-2">
          <dt className="text-soft">E-mail address</dt>
          <dd>
            <bdi>{user.email}</bdi>
          </dd>
          <dt className="text-soft">Role</dt>
          <dd>
            <Badge tone={isAdmin ? "accent" : "plain"}>{isAdmin ? "Administrator" : "User"}</Badge>
          </dd>
        </dl>
        <div>
          <Button type="submit" isBusy={save.isPending} disabled={form.values.name.trim() === user.name}>
            Save name
          </Button>
        </div>
      </form>
    </Section>
  );
}
