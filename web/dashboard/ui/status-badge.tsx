import { Badge, type BadgeTone } from "./badge.tsx";

/** States of a connection as they are called everywhere. */
export type ShownStatus = "active" | "needs_update" | "rejected" | "orphaned" | "missing" | "not_needed";

const STATES: Readonly<Record<ShownStatus, readonly [tone: BadgeTone, label: string]>> = {
  active: ["good", "Active"],
  needs_update: ["warn", "Needs update"],
  rejected: ["bad", "Rejected"],
  orphaned: ["plain", "Orphaned"],
  missing: ["plain", "Not connected"],
  not_needed: ["plain", "No key needed"],
};

export function StatusBadge({ status }: { readonly status: ShownStatus }) {
  const [tone, label] = STATES[status];
  return (
    <Badge tone={tone}>
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {label}
    </Badge>
  );
}
