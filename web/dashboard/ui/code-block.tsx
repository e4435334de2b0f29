import { CopyButton } from "./copy-button.tsx";

interface CodeBlockProps {
  readonly text: string;
  /** What it is: "Copy the command". */
  readonly copyLabel: string;
  /** Where it goes: a file, or a terminal. */
  readonly caption?: string;
}

export function CodeBlock({ text, copyLabel, caption }: CodeBlockProps) {
  return (
    <figure className="overflow-hidden rounded-md border border-line bg-surface">
      <figcaption className="flex items-center justify-between gap-3 border-b border-line py-1 pr-1 pl-3 text-sm text-soft">
        <span className="min-w-0 font-mono text-xs">{caption ?? ""}</span>
        <CopyButton text={text} label={copyLabel} />
      </figcaption>
      {/* Scrolls sideways, so it takes the focus: the arrow keys reach what is cut. */}
      <pre
        tabIndex={0}
        aria-label={caption ?? copyLabel}
        className="overflow-x-auto p-3 font-mono text-sm -outline-offset-2 max-sm:whitespace-pre-wrap"
      >
        <code>{text}</code>
      </pre>
    </figure>
  );
}
