import { useEffect, useRef } from "react";
import { buildForm } from "../../../connect/form.ts";
import { el, name } from "../../../connect/dom.ts";
import connectCss from "../../../connect/connect.css?url";
import type { HeaderField } from "../../app/admin-shapes.ts";

interface ConnectPreviewProps {
  readonly serverName: string;
  readonly fields: readonly HeaderField[];
}

/**
 * The form as people will see it: made by the connect page's own code and dressed by its own style sheet, which a shadow
 * root keeps from the rest of the dashboard. What is typed into it goes nowhere.
 */
export function ConnectPreview({ serverName, fields }: ConnectPreviewProps) {
  const host = useRef<HTMLDivElement>(null);
  // Compared by what it says: both are made anew each time the editor is drawn.
  const shown = JSON.stringify([serverName, fields]);

  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const [named, declared] = JSON.parse(shown) as [string, readonly HeaderField[]];
    root.replaceChildren(el("link", { rel: "stylesheet", href: connectCss }), formOf(named, declared));
  }, [shown]);

  return (
    <section aria-label="Preview of the connect page" className="xl:sticky xl:top-6">
      <p className="mb-2 text-sm text-soft">What people will see</p>
      <div ref={host} />
    </section>
  );
}

function formOf(serverName: string, fields: readonly HeaderField[]): HTMLElement {
  const named = fields.filter((field) => field.name !== "");
  const { element } = buildForm({
    fields: named.map((field) => ({
      ...field,
      name: field.name.toLowerCase(),
      display_name: field.name,
      on_file: false,
    })),
    confirmation: null,
    button: "Verify and store",
    submit: () => {},
  });
  return el("div", { class: "card" }, el("h3", {}, "Connect to ", name(serverName)), element);
}
