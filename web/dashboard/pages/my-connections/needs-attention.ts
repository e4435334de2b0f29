import type { MyServer } from "../../app/api-shapes.ts";

/** Whether calls fail until its person does something. */
export function needsAttention({ connection }: MyServer): boolean {
  return connection === "rejected" || connection === "needs_update";
}

/** Why it needs attention, and what to do. null = it does not. */
export function attentionText({ connection }: MyServer): string | null {
  switch (connection) {
    case "rejected":
      return "The server refuses your values: they may have expired, or been revoked there. Keyward does not send them any more.";
    case "needs_update":
      return "An administrator changed what this server asks for. Enter your values again, or its calls fail.";
    case "active":
    case "missing":
    case "not_needed":
      return null;
  }
}
