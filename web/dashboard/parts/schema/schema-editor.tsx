import { Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { ConnectPreview } from "./connect-preview.tsx";
import { emptyField, fieldOf, MAX_FIELDS, type DraftField } from "./draft-field.ts";
import { FieldCard, titleOf } from "./field-card.tsx";
import type { FieldProblems } from "./field-problems.ts";

interface SchemaEditorProps {
  readonly fields: readonly DraftField[];
  readonly onChange: (fields: readonly DraftField[]) => void;
  /** By key of the field; empty until something was tried that needs them to be right. */
  readonly problems: ReadonlyMap<number, FieldProblems>;
  /** Named in the preview. */
  readonly serverName: string;
  readonly origin: string;
}

/** Which headers each person supplies, and beside it the form that they will see. */
export function SchemaEditor({ fields, onChange, problems, serverName, origin }: SchemaEditorProps) {
  const [openKey, setOpenKey] = useState<number | null>(fields.length === 1 ? (fields[0]?.key ?? null) : null);
  const [said, setSaid] = useState("");
  const toFocus = useRef<number | null>(null);
  const toggles = useRef(new Map<number, HTMLButtonElement>());
  const addButton = useRef<HTMLButtonElement>(null);

  // What is wrong is in sight: the first field with a problem is opened when problems come up.
  const firstWrong = fields.find(({ key }) => problems.has(key))?.key;
  const [shownWrong, setShownWrong] = useState(problems);
  if (problems !== shownWrong) {
    setShownWrong(problems);
    if (firstWrong !== undefined && (openKey === null || !problems.has(openKey))) setOpenKey(firstWrong);
  }

  useEffect(() => {
    if (toFocus.current === null) return;
    (toggles.current.get(toFocus.current) ?? addButton.current)?.focus();
    toFocus.current = null;
  });

  function change(key: number, changes: Partial<DraftField>): void {
    onChange(fields.map((field) => (field.key === key ? { ...field, ...changes } : field)));
  }

  function move(index: number, by: -1 | 1): void {
    const [moved, other] = [fields[index], fields[index + by]];
    if (moved === undefined || other === undefined) return;
    onChange(fields.map((field) => (field === moved ? other : field === other ? moved : field)));
    setSaid(`${titleOf(moved, index)} is now field ${index + by + 1} of ${fields.length}.`);
  }

  function add(): void {
    const added = emptyField();
    onChange([...fields, added]);
    setOpenKey(added.key);
    toFocus.current = added.key;
  }

  function remove(index: number): void {
    const removed = fields[index];
    if (removed === undefined) return;
    onChange(fields.filter((field) => field !== removed));
    setSaid(`${titleOf(removed, index)} is removed.`);
    toFocus.current = (fields[index + 1] ?? fields[index - 1])?.key ?? 0;
  }

  return (
    <div className="grid gap-6 xl:grid-cols-[minmax(0,1fr)_25rem] xl:items-start">
      <div>
        <ol className="grid gap-2" aria-label="Header fields">
          {fields.map((field, index) => (
            <FieldCard
              key={field.key}
              field={field}
              index={index}
              count={fields.length}
              isOpen={openKey === field.key}
              problems={problems.get(field.key)}
              toggle={(button) => {
                if (button === null) toggles.current.delete(field.key);
                else toggles.current.set(field.key, button);
              }}
              onToggle={() => setOpenKey(openKey === field.key ? null : field.key)}
              onChange={(changes) => change(field.key, changes)}
              onMove={(by) => move(index, by)}
              onRemove={() => remove(index)}
            />
          ))}
        </ol>
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <Button ref={addButton} icon={Plus} size="sm" onClick={add} disabled={fields.length >= MAX_FIELDS}>
            Add a field
          </Button>
          <span className="text-sm text-soft">
            {fields.length} of {MAX_FIELDS} at the most
          </span>
        </div>
        <p role="status" className="sr-only">
          {said}
        </p>
      </div>
      <ConnectPreview
        server={{
          name: serverName,
          url_origin: origin,
          header_schema: fields.map(fieldOf).filter(({ name }) => name !== ""),
        }}
      />
    </div>
  );
}
