import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  readonly icon: LucideIcon;
  readonly title: string;
  /** What this place is for and how it gets filled. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}

/** Instead of an empty list. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="grid justify-items-center gap-1 rounded-md border border-line bg-surface px-6 py-12 text-center">
      <span className="mb-3 grid size-10 place-items-center rounded-full bg-muted text-soft">
        <Icon aria-hidden="true" className="size-5" />
      </span>
      <h2 className="text-base">{title}</h2>
      {children === undefined ? null : <div className="max-w-md text-balance text-soft">{children}</div>}
      {action === undefined ? null : <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}
