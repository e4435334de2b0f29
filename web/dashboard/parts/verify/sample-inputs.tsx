import { aroundValue } from "../../../../src/core/value-format.ts";
import type { HeaderField } from "../../app/admin-shapes.ts";
import { Field, type ControlProps } from "../../ui/field.tsx";
import { Input, Select } from "../../ui/input.tsx";
import { PasswordInput } from "../../ui/password-input.tsx";
import type { Sample } from "./sample-values.ts";

interface SampleInputsProps {
  readonly fields: readonly HeaderField[];
  readonly sample: Sample;
  readonly onChange: (sample: Sample) => void;
  readonly problems: Readonly<Record<string, string>>;
}

/** An input for each header field. What is typed is used for one verification and never stored. */
export function SampleInputs({ fields, sample, onChange, problems }: SampleInputsProps) {
  return fields.map((field) => (
    <Field
      key={field.name}
      label={field.label}
      isOptional={!field.required}
      error={problems[field.name]}
      hint={field.help === "" ? undefined : field.help}
    >
      {(control) => (
        <SampleInput
          field={field}
          control={control}
          value={sample[field.name] ?? ""}
          onChange={(value) => onChange({ ...sample, [field.name]: value })}
        />
      )}
    </Field>
  ));
}

interface SampleInputProps {
  readonly field: HeaderField;
  readonly control: ControlProps;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function SampleInput({ field, control, value, onChange }: SampleInputProps) {
  if (field.choices !== null) {
    return (
      <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{field.required ? "Choose one" : "None"}</option>
        {field.choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </Select>
    );
  }
  const [before, after] = aroundValue(field.template);
  const shared = {
    ...control,
    name: field.name,
    value,
    spellCheck: false,
    autoComplete: "off",
    placeholder: before + after === "" ? undefined : `${before}…${after}`,
    "data-1p-ignore": true,
    "data-bwignore": true,
    "data-lpignore": "true",
    onChange: (event: { readonly target: HTMLInputElement }) => onChange(event.target.value),
  };
  return field.secret ? (
    <PasswordInput {...shared} noun="value" className="font-mono" />
  ) : (
    <Input {...shared} className="font-mono" />
  );
}
