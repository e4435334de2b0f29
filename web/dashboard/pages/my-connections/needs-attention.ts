import type { MyServer } from "../../app/api-shapes.ts";

/** Whether calls fail until its person does something. */
export function needsAttention({ connection }: MyServer): boolean {
  return connection === "rejected" || connection === "needs_update";
}

/** Why it needs attention, and what to do. null = it does not. */
export function attentionText({ connection, name }: MyServer): string | null {
  switch (connection) {
    case "rejected":
      return `${name} refuses your values: they may have expired or been revoked there. Keyward does not send them any more. Enter new ones.`;
    case "needs_update":
      return `An administrator changed what ${name} asks for. Enter your values again.`;
    case "active":
    case "missing":
    case "not_needed":
      return null;
  }
}
