import { ExternalLink } from "lucide-react";
import { CodeBlock } from "../../ui/code-block.tsx";
import type { Instructions } from "./clients.ts";

export function ClientInstructions({ instructions }: { readonly instructions: Instructions }) {
  const { before, snippets, after, link } = instructions;
  return (
    <div className="grid gap-3">
      {before === undefined ? null : <p>{before}</p>}
      {snippets.map(({ place, text }) => (
        <CodeBlock key={place} caption={place} text={text} copyLabel={`Copy for ${place}`} />
      ))}
      {after === undefined ? null : <p>{after}</p>}
      {link === undefined ? null : (
        <p>
          <a
            href={link.href}
            className="inline-flex h-9 items-center gap-2 rounded-md border border-line-strong bg-surface px-3.5 font-medium transition-colors hover:bg-muted"
          >
            <ExternalLink aria-hidden="true" className="size-4" />
            {link.label}
          </a>
        </p>
      )}
    </div>
  );
}
