import { useState, type ChangeEvent, type SubmitEvent } from "react";

type Problems<V> = Partial<Record<keyof V, string>>;

interface Form<V extends Record<string, string>> {
  readonly values: V;
  readonly errors: Problems<V>;
  readonly set: (name: keyof V, value: string) => void;
  /** For an input: spread it beside what its field gives. */
  readonly input: (name: keyof V & string) => {
    readonly name: string;
    readonly value: string;
    readonly onChange: (event: ChangeEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>) => void;
  };
  /** For the form: checks, then sends; or shows what is wrong and goes to the first of it. */
  readonly onSubmit: (event: SubmitEvent<HTMLFormElement>) => void;
  /** Shows what the API found wrong with one value. */
  readonly fail: (name: keyof V, problem: string) => void;
  readonly reset: () => void;
}

/** A form of texts. `check` returns one sentence for each value that is not acceptable. */
export function useForm<V extends Record<string, string>>(options: {
  readonly initial: V;
  readonly check?: (values: V) => Problems<V>;
  readonly send: (values: V) => void;
}): Form<V> {
  const { initial, check, send } = options;
  const [values, setValues] = useState(initial);
  const [errors, setErrors] = useState<Problems<V>>({});

  function set(name: keyof V, value: string): void {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => ({ ...before, [name]: undefined }));
  }

  return {
    values,
    errors,
    set,
    input: (name) => ({
      name,
      value: values[name] ?? "",
      onChange: (event) => set(name, event.target.value),
    }),
    onSubmit(event) {
      event.preventDefault();
      const found: Problems<V> = check?.(values) ?? {};
      setErrors(found);
      const first = Object.keys(found).find((name) => found[name] !== undefined);
      if (first === undefined) send(values);
      else focus(event.currentTarget, first);
    },
    fail: (name, problem) => setErrors((before) => ({ ...before, [name]: problem })),
    reset() {
      setValues(initial);
      setErrors({});
    },
  };
}

function focus(form: HTMLFormElement, name: string): void {
  const control = form.elements.namedItem(name);
  if (control instanceof HTMLElement) control.focus();
}
