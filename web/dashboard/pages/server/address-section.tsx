import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { problemsOf } from "../../app/account-rules.ts";
import { messageOf } from "../../app/api.ts";
import { StaticHeadersEditor } from "../../parts/headers/static-headers-editor.tsx";
import {
  staticHeader,
  staticProblems,
  staticValues,
  type StaticHeader,
  type StaticProblem,
} from "../../parts/headers/static-headers.ts";
import { addressProblem, originOf, serverNameProblem } from "../../parts/server-rules.ts";
import { useServerPatch } from "../../parts/use-server-patch.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";
import { useForm } from "../../ui/use-form.ts";
import { useUnsaved } from "./unsaved.ts";

const FINE: ReadonlyMap<number, StaticProblem> = new Map();

export function AddressSection({ server }: { readonly server: Server }) {
  const [statics, setStatics] = useState<readonly StaticHeader[]>(() =>
    server.static_header_names.map((name) => staticHeader(name)),
  );
  const [staticFaults, setStaticFaults] = useState(FINE);
  const save = useServerPatch(server, "The server is saved.");
  const form = useForm({
    initial: { name: server.name, url: server.url },
    check: ({ name, url }) => problemsOf({ name: serverNameProblem(name), url: addressProblem(url) }),
    send: ({ name, url }) => {
      const asksAgain = isMoved(url) && statics.length > 0;
      const faults = asksAgain ? staticProblems(statics) : FINE;
      setStaticFaults(faults);
      if (faults.size > 0) return;
      save.run({
        ...(name.trim() !== server.name && { name: name.trim() }),
        ...(url.trim() !== server.url && { url: url.trim() }),
        ...(asksAgain && { static_headers: staticValues(statics) }),
      });
    },
  });
  const isChanged = form.values.name.trim() !== server.name || form.values.url.trim() !== server.url;
  useUnsaved(isChanged);

  function isMoved(url: string): boolean {
    const origin = originOf(url);
    return origin !== null && origin !== server.url_origin;
  }

  return (
    <Section title="Name and address" description="The name stands in front of every tool of this server.">
      <form noValidate onSubmit={form.onSubmit} className="grid max-w-2xl gap-4">
        {save.error === null ? null : <Notice tone="bad">{messageOf(save.error)}</Notice>}
        <Field
          label="Name"
          error={form.errors.name}
          hint={
            form.values.name.trim() === server.name
              ? undefined
              : `Clients see its tools under another name, and /mcp/${server.name} stops to answer.`
          }
        >
          {(control) => <Input {...control} {...form.input("name")} spellCheck={false} className="font-mono" />}
        </Field>
        <Field label="Address" error={form.errors.url}>
          {(control) => (
            <Input {...control} {...form.input("url")} type="url" spellCheck={false} className="font-mono" />
          )}
        </Field>
        {isMoved(form.values.url) ? (
          <Notice tone="warn" title="This is another place">
            Stored values are never sent to a place that they were not given for. Everyone who is connected will be
            asked for new ones.
          </Notice>
        ) : null}
        {isMoved(form.values.url) && statics.length > 0 ? (
          <div className="grid gap-3">
            <p>The headers that are always sent have to be given again, too.</p>
            <StaticHeadersEditor hasFixedNames headers={statics} onChange={setStatics} problems={staticFaults} />
          </div>
        ) : null}
        <div>
          <Button type="submit" variant="primary" isBusy={save.isBusy} disabled={!isChanged}>
            Save
          </Button>
        </div>
      </form>
      {save.dialog}
    </Section>
  );
}
