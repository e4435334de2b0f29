import { Plus, Trash2 } from "lucide-react";
import { Button, IconButton } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import { staticHeader, type StaticHeader, type StaticProblem } from "./static-headers.ts";

interface StaticHeadersEditorProps {
  readonly headers: readonly StaticHeader[];
  readonly onChange: (headers: readonly StaticHeader[]) => void;
  readonly problems: ReadonlyMap<number, StaticProblem>;
  /** Only values are asked for: the names are known. */
  readonly hasFixedNames?: boolean;
}

/** Headers that accompany every request, the same for everyone. */
export function StaticHeadersEditor({ headers, onChange, problems, hasFixedNames = false }: StaticHeadersEditorProps) {
  const change = (key: number, changes: Partial<StaticHeader>): void =>
    onChange(headers.map((header) => (header.key === key ? { ...header, ...changes } : header)));
  return (
    <div className="grid gap-3">
      {headers.map((header, index) => (
        <div key={header.key} className="flex items-start gap-2">
          <div className="grid grow items-start gap-3 sm:grid-cols-2">
            <Field label={`Header ${index + 1}`} error={problems.get(header.key)?.name}>
              {(control) => (
                <Input
                  {...control}
                  value={header.name}
                  readOnly={hasFixedNames}
                  onChange={(event) => change(header.key, { name: event.target.value })}
                  placeholder="X-Team-Key"
                  spellCheck={false}
                  autoCapitalize="off"
                  className="font-mono"
                />
              )}
            </Field>
            <Field label={`Value ${index + 1}`} error={problems.get(header.key)?.value}>
              {(control) => (
                <PasswordInput
                  {...control}
                  noun={`value ${index + 1}`}
                  autoComplete="off"
                  value={header.value}
                  onChange={(event) => change(header.key, { value: event.target.value })}
                  className="font-mono"
                />
              )}
            </Field>
          </div>
          {hasFixedNames ? null : (
            <IconButton
              icon={Trash2}
              label={`Remove header ${index + 1}`}
              onClick={() => onChange(headers.filter(({ key }) => key !== header.key))}
              className="mt-6.5"
            />
          )}
        </div>
      ))}
      {hasFixedNames ? null : (
        <div>
          <Button size="sm" icon={Plus} onClick={() => onChange([...headers, staticHeader()])}>
            Add a header
          </Button>
        </div>
      )}
    </div>
  );
}
