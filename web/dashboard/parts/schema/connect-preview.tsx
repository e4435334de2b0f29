import { useEffect, useRef } from "react";
import { renderPreview, type PreviewedServer } from "../../../connect/preview.ts";

/**
 * The form as people will see it: made by the connect page's own code and dressed by its own style sheet, which a shadow
 * root keeps from the rest of the dashboard. It judges what is typed into it, and sends nothing.
 */
export function ConnectPreview({ server }: { readonly server: PreviewedServer }) {
  const host = useRef<HTMLDivElement>(null);
  // Compared by what it says: it is made anew each time the editor is drawn.
  const shown = JSON.stringify(server);

  useEffect(() => {
    if (host.current === null) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    renderPreview(root, JSON.parse(shown) as PreviewedServer);
  }, [shown]);

  return (
    <section aria-label="Preview of the connect page" className="xl:sticky xl:top-6">
      <p className="mb-2 text-sm text-soft">What people will see</p>
      <div ref={host} className="overflow-hidden rounded-md border border-line" />
    </section>
  );
}
