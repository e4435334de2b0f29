import { useState } from "react";
import type { Server } from "../../app/admin-shapes.ts";
import { messageOf } from "../../app/api.ts";
import { StaticHeadersEditor } from "../../parts/headers/static-headers-editor.tsx";
import {
  staticHeader,
  staticProblems,
  staticValues,
  type StaticHeader,
  type StaticProblem,
} from "../../parts/headers/static-headers.ts";
import { useServerPatch } from "../../parts/use-server-patch.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Section } from "../../ui/section.tsx";

const FINE: ReadonlyMap<number, StaticProblem> = new Map();

/** Values are never shown, so all of them are given again. */
export function StaticHeadersSection({ server }: { readonly server: Server }) {
  const [isOpen, setIsOpen] = useState(false);
  const names = server.static_header_names;
  return (
    <Section
      title="Headers for everyone"
      description="Sent with every request, whoever calls. Stored encrypted, never shown."
    >
      {names.length === 0 ? (
        <p className="mb-3 text-soft">None.</p>
      ) : (
        <ul className="mb-3 flex flex-wrap gap-2">
          {names.map((name) => (
            <li key={name}>
              <code className="rounded bg-muted px-2 py-1 font-mono text-sm">{name}</code>
            </li>
          ))}
        </ul>
      )}
      <Button onClick={() => setIsOpen(true)}>{names.length === 0 ? "Set headers" : "Replace"}</Button>
      <Dialog
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        width="lg"
        title="Headers for everyone"
        description="What is stored is never shown: give the value of every header that shall be sent."
      >
        <Editor server={server} onClose={() => setIsOpen(false)} />
      </Dialog>
    </Section>
  );
}

function Editor({ server, onClose }: { readonly server: Server; readonly onClose: () => void }) {
  const [headers, setHeaders] = useState<readonly StaticHeader[]>(() =>
    server.static_header_names.length === 0
      ? [staticHeader()]
      : server.static_header_names.map((name) => staticHeader(name)),
  );
  const [problems, setProblems] = useState(FINE);
  const save = useServerPatch(server, "The headers are saved.", onClose);

  function submit(): void {
    const found = staticProblems(
      headers,
      server.header_schema.map(({ name }) => name),
    );
    setProblems(found);
    if (found.size === 0) save.run({ static_headers: staticValues(headers) });
  }

  return (
    <>
      {save.error === null ? null : (
        <Notice tone="bad" className="mb-4">
          {messageOf(save.error)}
        </Notice>
      )}
      <StaticHeadersEditor headers={headers} onChange={setHeaders} problems={problems} />
      <Actions>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" isBusy={save.isBusy} onClick={submit}>
          {headers.length === 0 ? "Send none" : "Replace"}
        </Button>
      </Actions>
      {save.dialog}
    </>
  );
}
