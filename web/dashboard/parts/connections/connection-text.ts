import type { AuthMode, Credential, CredentialStatus } from "../../app/admin-shapes.ts";

export const STATUS_TEXT: Readonly<Record<CredentialStatus, string>> = {
  active: "Active",
  needs_update: "Needs update",
  rejected: "Rejected",
  orphaned: "Orphaned",
};

export const STATUSES = Object.keys(STATUS_TEXT) as readonly CredentialStatus[];

export const MODE_TEXT: Readonly<Record<AuthMode, string>> = {
  user: "Person",
  virtual_key: "Virtual key",
  session: "Session",
};

export const MODES = Object.keys(MODE_TEXT) as readonly AuthMode[];

/** What the state means, and what happens next. */
export function statusSentence({
  status,
  status_reason: reason,
}: Pick<Credential, "status" | "status_reason">): string {
  switch (status) {
    case "active":
      return "Its values are sent with every call.";
    case "needs_update":
      return reason === "origin_changed"
        ? "The server has another address now. The values are never sent there; the next call asks for new ones."
        : "The header fields have changed. The next call asks for what is missing.";
    case "rejected":
      return "The server refused the values. They are no longer sent; the next call asks for new ones.";
    case "orphaned":
      return "Its owner has no access at present. The values are kept, unused, until access returns or the retention ends.";
  }
}

const SHORT_ID = 12;

/** A name, or the beginning of an id that has none. */
export function identityText({ auth_mode: mode, id, name }: Credential["identity"]): string {
  if (name !== null) return name;
  return mode === "session" ? `Session ${id.slice(0, SHORT_ID)}…` : id;
}
