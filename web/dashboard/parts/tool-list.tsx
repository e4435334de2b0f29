import { SearchX } from "lucide-react";
import { useState } from "react";
import { clean } from "../../connect/dom.ts";
import { Badge } from "../ui/badge.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { ForeignText } from "../ui/foreign-text.tsx";
import { SearchInput } from "../ui/input.tsx";

export interface ListedTool {
  readonly name: string;
  readonly description: string | null;
  /** Allowed once, but not offered by the server now. */
  readonly isGone?: boolean;
}

interface ToolListProps {
  readonly tools: readonly ListedTool[];
  /** null: all of them, and nothing to choose. */
  readonly chosen: ReadonlySet<string> | null;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

/** Boxes for the tools of a server, with a search. Names and descriptions are the server's own text. */
export function ToolList({ tools, chosen, onChange }: ToolListProps) {
  const [q, setQ] = useState("");
  const wanted = q.trim().toLowerCase();
  const found = tools.filter(({ name, description }) => `${name} ${description ?? ""}`.toLowerCase().includes(wanted));
  const chosenFound = found.filter(({ name }) => chosen?.has(name)).length;

  function choose(names: readonly string[], isChosen: boolean): void {
    const next = new Set(chosen);
    for (const name of names) {
      if (isChosen) next.add(name);
      else next.delete(name);
    }
    onChange(next);
  }

  return (
    <div className="rounded-md border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3 border-b border-line px-4 py-3">
        <SearchInput
          label="Search tools"
          value={q}
          onChange={(event) => setQ(event.target.value)}
          className="sm:w-64"
        />
        {chosen === null ? (
          <span>{tools.length === 1 ? "1 tool" : `${tools.length} tools`}</span>
        ) : (
          <Checkbox
            label={`${chosen.size} of ${tools.length} allowed`}
            isChecked={found.length > 0 && chosenFound === found.length}
            isMixed={chosenFound > 0 && chosenFound < found.length}
            onChange={(isAll) =>
              choose(
                found.map(({ name }) => name),
                isAll,
              )
            }
          />
        )}
      </div>
      {found.length === 0 ? (
        <p className="flex items-center justify-center gap-2 px-4 py-10 text-soft">
          <SearchX aria-hidden="true" className="size-4" /> No tool matches.
        </p>
      ) : (
        <ul>
          {found.map((tool) => (
            <li key={tool.name} className="border-b border-line px-4 py-3 last:border-b-0">
              <ToolRow
                tool={tool}
                isChosen={chosen?.has(tool.name) ?? null}
                onChange={(is) => choose([tool.name], is)}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface ToolRowProps {
  readonly tool: ListedTool;
  readonly isChosen: boolean | null;
  readonly onChange: (isChosen: boolean) => void;
}

function ToolRow({ tool, isChosen, onChange }: ToolRowProps) {
  const description = tool.description === null ? undefined : <ToolDescription text={tool.description} />;
  if (isChosen === null) {
    return (
      <>
        <ToolName tool={tool} />
        <div className="text-sm text-soft">{description}</div>
      </>
    );
  }
  return <Checkbox label={<ToolName tool={tool} />} hint={description} isChecked={isChosen} onChange={onChange} />;
}

function ToolName({ tool }: { readonly tool: ListedTool }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <code className="font-mono text-sm">
        <ForeignText text={tool.name} max={128} />
      </code>
      {tool.isGone ? <Badge tone="warn">Not offered any more</Badge> : null}
    </span>
  );
}

const SHORT = 200;
const MOST = 2000;

function ToolDescription({ text }: { readonly text: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const isLong = clean(text, MOST).length > SHORT;
  return (
    <>
      <ForeignText text={text} max={isWhole ? MOST : SHORT} />
      {isLong ? (
        <button
          type="button"
          aria-expanded={isWhole}
          onClick={() => setIsWhole(!isWhole)}
          className="ml-1.5 rounded text-accent hover:underline"
        >
          {isWhole ? "Less" : "More"}
        </button>
      ) : null}
    </>
  );
}
