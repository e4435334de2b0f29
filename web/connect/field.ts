import { aroundValue, isOfFormat, withoutTemplate } from "../../src/core/value-format.ts";
import type { Field } from "./api.ts";
import { clean, el, name } from "./dom.ts";

/** An input or a list to choose from, with what belongs to it. */
export interface FieldRow {
  readonly element: HTMLElement;
  readonly label: string;
  readonly control: HTMLInputElement | HTMLSelectElement;
  /** What was typed, without outer white space and the template; empty = nothing. */
  readonly value: () => string;
  /** What is wrong with what was typed, or undefined. */
  readonly judge: () => string | undefined;
  /** Shows what is wrong, or with undefined that nothing is. */
  readonly fail: (error: string | undefined) => void;
}

// RFC 9110 section 5.5 without obs-text, as the gateway judges it: found here, nothing has to be typed twice.
const FIELD_VALUE = /^[\x20-\x7e\t]{0,8192}$/;

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

export function fieldRow(field: Field, id: string): FieldRow {
  const label = clean(field.label, 80);
  const isOptional = !field.required && !field.on_file;
  const error = el("p", { id: `${id}-error`, class: "error" });
  const expected = el(
    "p",
    { id: `${id}-expected`, class: "hint" },
    field.pattern_hint && name(field.pattern_hint, 300),
  );
  const note = el("p", { class: "note", role: "status" });
  const attributes = {
    id,
    "aria-describedby": `${id}-hint ${id}-expected ${id}-error`,
    "aria-required": field.required && !field.on_file && "true",
  };
  const control = field.choices ? choiceOf(field, field.choices, attributes) : inputOf(field, attributes, note);
  const [before, after] = aroundValue(field.template);
  const isLong = before.length + after.length > 16;
  const value = () => withoutTemplate(field.template, control.value.trim());
  const element = el(
    "div",
    { class: "field" },
    el(
      "div",
      { class: "label" },
      el("label", { for: id }, name(field.label), isOptional ? el("span", { class: "hint" }, " optional") : null),
      field.display_name === field.label ? null : el("code", { class: "hint" }, clean(field.display_name, 64)),
    ),
    el("div", { id: `${id}-hint`, class: "hint" }, ...hints(field, before, after)),
    el(
      "div",
      { class: ["input", field.choices && "choice", isLong && "long"].filter(Boolean).join(" ") },
      around(before),
      control,
      around(after),
      field.secret && !field.choices ? revealer(control as HTMLInputElement, label) : null,
    ),
    note,
    expected,
    error,
  );
  return {
    element,
    label,
    control,
    value,
    judge: () => judge(field, control.value.trim(), value()),
    fail(text) {
      error.replaceChildren(text === undefined ? "" : name(text, 300));
      // It says the same.
      expected.hidden = text !== undefined && text === field.pattern_hint;
      control.setAttribute("aria-invalid", String(text !== undefined));
    },
  };
}

function judge(field: Field, typed: string, value: string): string | undefined {
  if (value === "") {
    const isMissing = (field.required && !field.on_file) || typed !== "";
    return isMissing ? (field.choices ? "Choose one of these." : "This value is needed.") : undefined;
  }
  if (!FIELD_VALUE.test(typed)) return "This has a character that a header cannot carry, or more than 8192 characters.";
  return isOfFormat(field, value)
    ? undefined
    : (field.pattern_hint ?? "This does not look like what is expected here.");
}

type Attributes = Parameters<typeof el>[1];

function choiceOf(field: Field, choices: readonly string[], attributes: Attributes): HTMLSelectElement {
  const none = field.on_file ? "Keep what is on file" : field.required ? "Choose" : "None";
  return el(
    "select",
    { ...attributes, autocomplete: "off" },
    el("option", { value: "" }, none),
    ...choices.map((choice) => el("option", { value: choice }, clean(choice, 200))),
  );
}

function inputOf(field: Field, attributes: Attributes, note: HTMLElement): HTMLInputElement {
  const input = el("input", { ...UNTRACKED, ...attributes, type: field.secret ? "password" : "text" });
  input.addEventListener("paste", (event) => {
    // The input joins the lines of what is pasted without a word.
    const hasLines = /[\r\n]/.test(event.clipboardData?.getData("text").trim() ?? "");
    note.textContent = hasLines ? "What you pasted had several lines; they are joined now." : "";
  });
  input.addEventListener("input", () => {
    const typed = input.value.trim();
    const value = withoutTemplate(field.template, typed);
    if (value === typed || value === "") return;
    // The people who copy a whole header are told, so that they need not wonder where its beginning went.
    input.value = value;
    const there = aroundValue(field.template).map((text) => clean(text, 200).trim());
    note.textContent = `${there.filter(Boolean).join(" and ")} was there already, so it is not sent twice.`;
  });
  return input;
}

function around(text: string): HTMLElement | null {
  return text === "" ? null : el("span", { class: "around", "aria-hidden": "true" }, clean(text, 200).trim());
}

function revealer(input: HTMLInputElement, label: string): HTMLElement {
  const toggle = el("button", { type: "button", class: "reveal" });
  const setType = (type: string): void => {
    input.type = type;
    toggle.replaceChildren(type === "text" ? "Hide" : "Show", el("span", { class: "unseen" }, ` ${label}`));
  };
  setType(input.type);
  toggle.addEventListener("click", () => setType(input.type === "text" ? "password" : "text"));
  return toggle;
}

function hints(field: Field, before: string, after: string): (HTMLElement | null)[] {
  const [front, behind] = [before, after].map((text) => clean(text, 200).trim());
  const sent = [front && `${front} in front`, behind && `${behind} behind`].filter(Boolean);
  return [
    field.help ? el("p", {}, name(field.help, 500)) : null,
    field.help_url === null ? null : helpLink(field.help_url),
    sent.length > 0 ? el("p", { class: "unseen" }, `It is sent with ${sent.join(" and ")}.`) : null,
    field.on_file && !field.choices ? el("p", { class: "note" }, "On file. Leave it empty to keep it.") : null,
    field.outdated
      ? el("p", { class: "note changed" }, "What is expected here has changed: enter your value again.")
      : null,
  ];
}

/** The host is shown, because the label of a link says nothing about where it leads. */
function helpLink(url: string): HTMLElement | null {
  // The gateway lets only https pass when a server is saved; a `javascript:` link here would read what is typed.
  if (!url.startsWith("https://") || !URL.canParse(url)) return null;
  const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, `Get it at ${new URL(url).host}`);
  return el("p", {}, link, " (opens in a new tab)");
}
