import type { Server } from "../app/admin-shapes.ts";
import { Badge, type BadgeTone } from "../ui/badge.tsx";

const STATES: Readonly<Record<Server["status"], readonly [tone: BadgeTone, label: string]>> = {
  ready: ["good", "Ready"],
  pending_verification: ["warn", "Not verified"],
  disabled: ["plain", "Disabled"],
};

export function ServerStatusBadge({ status }: { readonly status: Server["status"] }) {
  const [tone, label] = STATES[status];
  return (
    <Badge tone={tone}>
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {label}
    </Badge>
  );
}
