import { useState } from "react";
import type { HeaderField, Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { draftsOf, fieldOf, isSameSchema } from "../../parts/schema/draft-field.ts";
import { problemsOfFields, type FieldProblems } from "../../parts/schema/field-problems.ts";
import { SchemaEditor } from "../../parts/schema/schema-editor.tsx";
import { patchServer } from "../../parts/server-api.ts";
import { Notice } from "../../ui/notice.tsx";
import { SaveBar } from "../../ui/save-bar.tsx";
import { useUnsaved } from "./unsaved.ts";

const FINE: ReadonlyMap<number, FieldProblems> = new Map();

/** The header schema: what each person supplies. */
export function FieldsTab({ server }: { readonly server: Server }) {
  const [fields, setFields] = useState(() => draftsOf(server.header_schema));
  const [problems, setProblems] = useState(FINE);
  const isChanged = !isSameSchema(fields, server.header_schema);
  useUnsaved(isChanged);
  const save = useGuardedChange({
    preview: (schema: HeaderField[]) => patchServer(server.id, { header_schema: schema }, true),
    change: (schema: HeaderField[]) => patchServer(server.id, { header_schema: schema }),
    refreshes: ["servers", "server", "credentials", "me"],
    done: "The header fields are saved.",
    action: "Save",
    showsError: true,
    note: "Values of fields that stay are kept. Whoever is asked enters only what is new.",
  });

  function submit(): void {
    const found = problemsOfFields(fields);
    setProblems(found);
    if (found.size === 0) save.run(fields.map(fieldOf));
  }

  return (
    <>
      <p className="mb-4 max-w-2xl text-soft">
        What each person supplies, in the order of the form. Every value is encrypted before it is stored, whether it is
        secret or not.
      </p>
      {save.error === null ? null : (
        <Notice tone="bad" className="mb-4">
          {messageOf(save.error)}
        </Notice>
      )}
      <SchemaEditor
        serverName={server.name}
        origin={server.url_origin}
        fields={fields}
        problems={problems}
        onChange={(next) => {
          setFields(next);
          if (problems.size > 0) setProblems(problemsOfFields(next));
        }}
      />
      <SaveBar
        isChanged={isChanged}
        isBusy={save.isBusy}
        onSave={submit}
        onDiscard={() => {
          setFields(draftsOf(server.header_schema));
          setProblems(FINE);
        }}
      />
      {save.dialog}
    </>
  );
}
