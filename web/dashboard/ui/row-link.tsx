import type { ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "./class-names.ts";

const STRETCHED =
  "after:absolute after:inset-0 after:content-[''] focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent";

interface RowLinkProps {
  readonly href: string;
  /** Replaces the address instead of adding to the history: for panels beside the list. */
  readonly replace?: boolean;
  readonly children: ReactNode;
}

/** The main link of a row of `DataTable`: pressing anywhere in the row follows it, other buttons of the row excepted. */
export function RowLink({ href, replace = false, children }: RowLinkProps) {
  return (
    <Link href={href} replace={replace} data-row-link="" className={cx(STRETCHED, "font-medium hover:underline")}>
      {children}
    </Link>
  );
}

interface RowButtonProps {
  readonly onPress: () => void;
  readonly children: ReactNode;
}

/** As `RowLink`, for what has no address of its own. */
export function RowButton({ onPress, children }: RowButtonProps) {
  return (
    <button type="button" data-row-link="" onClick={onPress} className={cx(STRETCHED, "text-left")}>
      {children}
    </button>
  );
}
