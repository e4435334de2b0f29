import type { Field } from "./api.ts";
import { clean, el } from "./dom.ts";
import { type FieldRow, fieldRow } from "./field.ts";

interface FormOptions {
  readonly fields: readonly Field[];
  readonly button: HTMLButtonElement;
  /** Gets the values by field name, without outer white space and templates and without those left empty. */
  readonly submit: (values: ReadonlyMap<string, string>) => void;
}

export interface Form {
  readonly element: HTMLFormElement;
  /** Shows an error at each named field and moves the focus: to the field, or to a list when there are several. */
  readonly fail: (errors: ReadonlyMap<string, string>) => void;
}

/** Asks nobody anything: what becomes of the values is the caller's to say. */
export function buildForm({ fields, button, submit }: FormOptions): Form {
  const rows = new Map(fields.map((field, index) => [field.name, fieldRow(field, `field-${index}`)]));
  const summary = el("div", { class: "problem", tabindex: "-1", hidden: true });
  const elements = [...rows.values()].map((row) => row.element);
  const element = el("form", { novalidate: true, autocomplete: "off" }, summary, ...elements, button);

  const fail = (errors: ReadonlyMap<string, string>): void => {
    const failed = [...rows].flatMap(([key, row]) => {
      const error = errors.get(key);
      row.fail(error);
      return error === undefined ? [] : [{ row, error }];
    });
    const items = failed.map(({ row, error }) => el("li", {}, linkTo(row, error)));
    summary.hidden = failed.length < 2;
    summary.replaceChildren(el("h2", {}, "Please look at these again"), el("ul", {}, ...items));
    (failed.length === 1 ? failed[0]?.row.control : summary)?.focus();
  };

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = new Map([...rows].map(([key, row]) => [key, row.value()]));
    const typed = new Map([...values].filter(([, value]) => value !== ""));
    const errors = new Map<string, string>();
    for (const [key, row] of rows) {
      const error = row.judge();
      if (error !== undefined) errors.set(key, error);
    }
    const [first] = rows.keys();
    if (typed.size === 0 && errors.size === 0 && first !== undefined) errors.set(first, "Enter at least one value.");
    fail(errors);
    if (errors.size > 0) return;
    element.reset();
    submit(typed);
  });
  return { element, fail };
}

function linkTo({ label, control }: FieldRow, error: string): HTMLElement {
  const link = el("a", { href: `#${control.id}` }, `${label}: ${clean(error, 300)}`);
  link.addEventListener("click", (event) => {
    // Following it would put a fragment into the address bar.
    event.preventDefault();
    control.focus();
  });
  return link;
}
