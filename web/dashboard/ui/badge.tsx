import type { ReactNode } from "react";
import { cx } from "./class-names.ts";

export type BadgeTone = "plain" | "accent" | "good" | "warn" | "bad";

const TONES: Readonly<Record<BadgeTone, string>> = {
  plain: "border-line bg-muted text-soft",
  accent: "border-transparent bg-accent-soft text-accent-strong",
  good: "border-transparent bg-good-soft text-good",
  warn: "border-transparent bg-warn-soft text-warn",
  bad: "border-transparent bg-bad-soft text-bad",
};

export function Badge({ tone = "plain", children }: { readonly tone?: BadgeTone; readonly children: ReactNode }) {
  return (
    <span
      className={cx(
        "inline-flex h-5 shrink-0 items-center gap-1.5 rounded-full border px-2 text-xs font-medium whitespace-nowrap",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
