import type { Field } from "./api.ts";
import { clean, el, name } from "./dom.ts";

type Errors = ReadonlyMap<string, string>;

export interface FormOptions {
  readonly fields: readonly Field[];
  /** The sentence of a box that must be ticked first, or null. */
  readonly confirmation: HTMLElement | null;
  readonly button: string;
  /** Gets the values by field name, without outer white space and without those left empty. */
  readonly submit: (values: ReadonlyMap<string, string>) => void;
}

export interface Form {
  readonly element: HTMLFormElement;
  /** Shows an error at each named field and moves the focus: to the field, or to a list when there are several. */
  readonly fail: (errors: Errors) => void;
}

/** A box to tick or an input, with what belongs to it. */
interface Row {
  readonly element: HTMLElement;
  readonly label: string;
  readonly input: HTMLInputElement;
  readonly error: HTMLElement;
}

// RFC 9110 section 5.5 without obs-text, as the gateway judges it: found here, nothing has to be typed twice.
const FIELD_VALUE = /^[\x20-\x7e\t]{0,8192}$/;
const CONFIRMATION = "confirmation";

const UNTRACKED = {
  autocomplete: "off",
  autocapitalize: "off",
  autocorrect: "off",
  spellcheck: "false",
  "data-1p-ignore": true,
  "data-bwignore": true,
  "data-lpignore": "true",
  "data-form-type": "other",
};

export function buildForm({ fields, confirmation, button, submit }: FormOptions): Form {
  const rows = new Map(fields.map((field, index) => [field.name, inputRow(field, `field-${index}`)]));
  const box = confirmation && tickRow(confirmation);
  const all = box ? new Map([...rows, [CONFIRMATION, box]]) : rows;
  const summary = el("div", { class: "problem", tabindex: "-1", hidden: true });
  const element = el(
    "form",
    { novalidate: true, autocomplete: "off" },
    summary,
    ...[...all.values()].map((row) => row.element),
    el("button", { class: "main" }, button),
  );

  const fail = (errors: Errors): void => {
    const failed: Row[] = [];
    for (const [key, row] of all) {
      const error = errors.get(key);
      row.error.textContent = error ?? "";
      row.input.setAttribute("aria-invalid", String(error !== undefined));
      if (error !== undefined) failed.push(row);
    }
    summary.hidden = failed.length < 2;
    summary.replaceChildren(el("h2", {}, "Please look at these again"), el("ul", {}, ...failed.map(linkTo)));
    (failed.length === 1 ? failed[0]?.input : summary)?.focus();
  };

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = new Map([...rows].map(([key, row]) => [key, row.input.value.trim()]));
    const errors = new Map(fields.flatMap((field) => judge(field, values.get(field.name) ?? "")));
    if (box?.input.checked === false) errors.set(CONFIRMATION, "Tick the box to confirm.");
    const typed = new Map([...values].filter(([, value]) => value !== ""));
    const first = fields[0];
    if (typed.size === 0 && errors.size === 0 && first) errors.set(first.name, "Enter at least one value.");
    if (errors.size > 0) return fail(errors);
    element.reset();
    submit(typed);
  });
  return { element, fail };
}

function judge(field: Field, value: string): [string, string][] {
  if (value === "" && field.required && !field.on_file) return [[field.name, "This value is needed."]];
  if (FIELD_VALUE.test(value)) return [];
  return [[field.name, "This has a character that a header cannot carry, or more than 8192 characters."]];
}

function linkTo(row: Row): HTMLElement {
  const link = el("a", { href: `#${row.input.id}` }, `${row.label}: ${row.error.textContent}`);
  link.addEventListener("click", (event) => {
    // Following it would put a fragment into the address bar.
    event.preventDefault();
    row.input.focus();
  });
  return el("li", {}, link);
}

function inputRow(field: Field, id: string): Row {
  const label = clean(field.label, 80);
  const type = field.secret ? "password" : "text";
  const error = el("p", { id: `${id}-error`, class: "error" });
  const note = el("p", { id: `${id}-note`, class: "hint", role: "status" });
  const input = el("input", {
    ...UNTRACKED,
    id,
    type,
    "aria-describedby": `${id}-hint ${id}-error`,
    "aria-required": field.required && !field.on_file && "true",
  });
  const toggle = el("button", { type: "button", class: "show" });
  const setType = (next: string): void => {
    input.type = next;
    toggle.replaceChildren(next === "text" ? "Hide" : "Show", el("span", { class: "unseen" }, ` ${label}`));
  };
  setType(type);
  toggle.addEventListener("click", () => setType(input.type === "text" ? "password" : "text"));
  input.addEventListener("paste", (event) => {
    // The input joins the lines of what is pasted without a word.
    const hasLines = /[\r\n]/.test(event.clipboardData?.getData("text").trim() ?? "");
    note.textContent = hasLines ? "What you pasted had several lines; they are joined now." : "";
  });
  const isOptional = !field.required && !field.on_file;
  const element = el(
    "div",
    { class: "field" },
    el(
      "div",
      { class: "label" },
      el("label", { for: id }, name(field.label), isOptional ? el("span", { class: "hint" }, " optional") : null),
      field.display_name === field.label ? null : el("code", { class: "hint" }, clean(field.display_name, 64)),
    ),
    el("div", { id: `${id}-hint`, class: "hint" }, ...hints(field)),
    el("div", { class: "input" }, input, field.secret ? toggle : null),
    note,
    error,
  );
  return { element, label, input, error };
}

function hints({ help, help_url: url, on_file }: Field): (HTMLElement | null)[] {
  return [
    help ? el("p", {}, name(help, 500)) : null,
    url === null ? null : helpLink(url),
    on_file ? el("p", { class: "on-file" }, "On file. Leave empty to keep it.") : null,
  ];
}

/** The host is shown, because the label of a link says nothing about where it leads. */
function helpLink(url: string): HTMLElement | null {
  // The gateway lets only https pass when a server is saved; a `javascript:` link here would read what is typed.
  if (!url.startsWith("https://") || !URL.canParse(url)) return null;
  const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, `Get it at ${new URL(url).host}`);
  return el("p", {}, link, " (opens in a new tab)");
}

function tickRow(sentence: HTMLElement): Row {
  const input = el("input", { id: CONFIRMATION, type: "checkbox", "aria-describedby": "confirmation-error" });
  const error = el("p", { id: "confirmation-error", class: "error" });
  const label = el("label", { for: CONFIRMATION }, input, sentence);
  return { element: el("div", { class: "tick" }, label, error), label: "Confirmation", input, error };
}
