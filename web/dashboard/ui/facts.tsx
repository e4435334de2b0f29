import type { ReactNode } from "react";
import { cx } from "./class-names.ts";

interface FactsProps {
  /** Two facts a line where there is room. */
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

/** What is known of one thing, as terms and their descriptions. */
export function Facts({ isWide = false, children }: FactsProps) {
  return <dl className={cx("grid gap-x-8 gap-y-4", isWide && "sm:grid-cols-2 xl:grid-cols-3")}>{children}</dl>;
}

interface FactProps {
  readonly term: string;
  /** null and an empty list of children are shown as a dash. */
  readonly children: ReactNode;
}

export function Fact({ term, children }: FactProps) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-soft">{term}</dt>
      <dd className="mt-0.5">{children ?? <Nothing />}</dd>
    </div>
  );
}

/** In the place of what there is none of. */
export function Nothing({ label = "None" }: { readonly label?: string }) {
  return (
    <span className="text-soft">
      <span aria-hidden="true">&ndash;</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}
