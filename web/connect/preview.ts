import type { Field } from "./api.ts";
import { el, name } from "./dom.ts";
import { plate } from "./facts.ts";
import { buildForm } from "./form.ts";

/** A field as an administrator declares it to the REST API. */
export interface PreviewedField {
  readonly name: string;
  readonly label?: string | undefined;
  readonly help?: string | undefined;
  readonly help_url?: string | null | undefined;
  readonly secret?: boolean | undefined;
  readonly required?: boolean | undefined;
  readonly pattern?: string | null | undefined;
  readonly pattern_hint?: string | null | undefined;
  readonly choices?: readonly string[] | null | undefined;
  readonly template?: string | null | undefined;
}

export interface PreviewedServer {
  readonly name: string;
  readonly url_origin: string;
  readonly header_schema: readonly PreviewedField[];
}

const STYLES = "/assets/connect/connect.css";

/**
 * Shows in a shadow root what people will see of a server: the very form, which judges what is typed and sends nothing.
 * A repeated call shows the new state. Colours and theme are the ones of the page around it, which has the same tokens.
 */
export function renderPreview(root: ShadowRoot, server: PreviewedServer): void {
  if (root.querySelector("link") === null) root.append(el("link", { rel: "stylesheet", href: STYLES }));
  const said = el("p", { class: "note", role: "status" });
  const form = buildForm({
    fields: server.header_schema.map(withDefaults),
    button: el("button", { class: "main" }, "Verify and store"),
    submit: () => {
      said.textContent = "These values would be verified with the server and stored. In the preview nothing is sent.";
    },
  });
  const heading = el("h2", { class: "title" }, "Connect to ", name(server.name));
  const page = el(
    "div",
    { class: "page" },
    el("div", { class: "card" }, heading, plate(server.url_origin), form.element, said),
  );
  root.querySelector(".page")?.remove();
  root.append(page);
}

function withDefaults(field: PreviewedField): Field {
  const label = field.label?.trim() ?? "";
  return {
    name: field.name.toLowerCase(),
    display_name: field.name,
    label: label === "" ? field.name : label,
    help: field.help ?? "",
    help_url: field.help_url ?? null,
    secret: field.secret ?? !field.choices,
    required: field.required ?? true,
    pattern: field.pattern ?? null,
    pattern_hint: field.pattern_hint ?? null,
    choices: field.choices ?? null,
    template: field.template ?? null,
    on_file: false,
    outdated: false,
  };
}
