import { Checkbox } from "../../ui/checkbox.tsx";
import { Field } from "../../ui/field.tsx";
import { Input, TextArea } from "../../ui/input.tsx";
import { SegmentedControl } from "../../ui/segmented-control.tsx";
import type { DraftField, Format } from "./draft-field.ts";
import type { FieldProblems } from "./field-problems.ts";
import { PatternTrial } from "./pattern-trial.tsx";

interface FieldInputsProps {
  readonly field: DraftField;
  readonly problems: FieldProblems;
  readonly onChange: (changes: Partial<DraftField>) => void;
}

const FORMATS: readonly (readonly [Format, string])[] = [
  ["any", "Anything"],
  ["pattern", "A pattern"],
  ["choices", "One of a list"],
];

export function FieldInputs({ field, problems, onChange }: FieldInputsProps) {
  return (
    <div className="grid gap-4">
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label="Header name" error={problems.name} hint="As the server expects it.">
          {(control) => (
            <Input
              {...control}
              value={field.name}
              onChange={(event) => onChange({ name: event.target.value })}
              placeholder="X-API-Key"
              spellCheck={false}
              autoCapitalize="off"
              className="font-mono"
            />
          )}
        </Field>
        <Field label="Label" isOptional error={problems.label} hint="What people know it as.">
          {(control) => (
            <Input
              {...control}
              value={field.label}
              onChange={(event) => onChange({ label: event.target.value })}
              placeholder={field.name.trim() || "API key"}
            />
          )}
        </Field>
      </div>
      <Field label="Help" isOptional error={problems.help}>
        {(control) => (
          <TextArea
            {...control}
            rows={2}
            value={field.help}
            onChange={(event) => onChange({ help: event.target.value })}
            placeholder="Where people find it, in one or two sentences."
          />
        )}
      </Field>
      <Field label="Help link" isOptional error={problems.helpUrl}>
        {(control) => (
          <Input
            {...control}
            type="url"
            value={field.helpUrl}
            onChange={(event) => onChange({ helpUrl: event.target.value })}
            placeholder="https://"
            spellCheck={false}
          />
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Checkbox
          label="Secret"
          hint="What is typed is hidden."
          isChecked={field.isSecret}
          onChange={(isSecret) => onChange({ isSecret })}
        />
        <Checkbox
          label="Required"
          hint="Nobody connects without it."
          isChecked={field.isRequired}
          onChange={(isRequired) => onChange({ isRequired })}
        />
      </div>
      <FormatInputs field={field} problems={problems} onChange={onChange} />
      <Field
        label="Template"
        isOptional
        error={problems.template}
        hint={
          <>
            What is sent, with <code className="font-mono text-xs">{"{value}"}</code> where the typed value goes.
          </>
        }
      >
        {(control) => (
          <Input
            {...control}
            value={field.template}
            onChange={(event) => onChange({ template: event.target.value })}
            placeholder="Bearer {value}"
            spellCheck={false}
            autoCapitalize="off"
            className="font-mono"
          />
        )}
      </Field>
    </div>
  );
}

function FormatInputs({ field, problems, onChange }: FieldInputsProps) {
  return (
    <div className="grid gap-3">
      <div className="grid gap-1.5">
        <span aria-hidden="true" className="font-medium">
          Values
        </span>
        <div>
          <SegmentedControl
            label="Values"
            value={field.format}
            options={FORMATS}
            // Everybody sees the choices in the form, so choosing one of them hides nothing.
            onChange={(format) => onChange(format === "choices" ? { format, isSecret: false } : { format })}
          />
        </div>
      </div>
      {field.format === "pattern" ? (
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label="Pattern" error={problems.pattern} hint="A regular expression for the whole value.">
            {(control) => (
              <Input
                {...control}
                value={field.pattern}
                onChange={(event) => onChange({ pattern: event.target.value })}
                placeholder="sk-[a-z0-9]{32}"
                spellCheck={false}
                autoCapitalize="off"
                className="font-mono"
              />
            )}
          </Field>
          <Field label="Hint" isOptional error={problems.patternHint} hint="Shown when a value is not of it.">
            {(control) => (
              <Input
                {...control}
                value={field.patternHint}
                onChange={(event) => onChange({ patternHint: event.target.value })}
                placeholder="It starts with sk-"
              />
            )}
          </Field>
          <PatternTrial pattern={field.pattern} isReadable={problems.pattern === undefined} />
        </div>
      ) : null}
      {field.format === "choices" ? (
        <Field label="Choices" error={problems.choices} hint="One a line, as they are sent.">
          {(control) => (
            <TextArea
              {...control}
              rows={4}
              value={field.choices}
              onChange={(event) => onChange({ choices: event.target.value })}
              placeholder={"eu\nus"}
              spellCheck={false}
              className="font-mono"
            />
          )}
        </Field>
      ) : null}
    </div>
  );
}
