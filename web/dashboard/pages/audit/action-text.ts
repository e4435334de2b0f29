import {
  AppWindow,
  KeyRound,
  LogIn,
  Plug,
  Server,
  Settings2,
  ShieldAlert,
  UserRound,
  UsersRound,
  type LucideIcon,
} from "lucide-react";
import type { AuditAction, AuditEffect } from "../../app/admin-api.ts";

/** For the filter: what kind of event it is. */
export const ACTION_TEXT: Readonly<Record<AuditAction, string>> = {
  "credential.stored": "Values stored",
  "credential.edited": "Values changed",
  "credential.verified": "Values verified",
  "credential.used": "Values used",
  "credential.rejected": "Values rejected",
  "credential.revoked": "Connection revoked",
  "credential.swept": "Values swept",
  "flow.requested": "Link requested",
  "flow.opened": "Link opened",
  "flow.opener_mismatch": "Link of somebody else",
  "flow.verification_refused": "Values refused",
  "flow.verification_failed": "Verification failed",
  "server.created": "Server added",
  "server.updated": "Server changed",
  "server.verified": "Server verified",
  "server.deleted": "Server deleted",
  "server.tools_changed": "Tools changed",
  "grants.replaced": "Access changed",
  "virtual_key.created": "Key created",
  "virtual_key.updated": "Key changed",
  "virtual_key.rotated": "Key rotated",
  "virtual_key.revoked": "Key revoked",
  "user.invited": "Person invited",
  "user.joined": "Person joined",
  "user.updated": "Person changed",
  "user.deleted": "Person deleted",
  "group.created": "Group created",
  "group.updated": "Group changed",
  "group.deleted": "Group deleted",
  "sign_in.succeeded": "Signed in",
  "sign_in.failed": "Sign-in failed",
  "sign_in.ended": "Signed out",
  "app.authorized": "App authorized",
  "app.revoked": "App revoked",
  "admin_token.created": "Admin token created",
  "admin_token.revoked": "Admin token revoked",
  "setup.completed": "Set up",
  "vault.rotated": "Data key rotated",
  "vault.retired": "Data key retired",
  "vault.staged": "Encryption key staged",
  "vault.promoted": "Encryption key promoted",
  "vault.unstaged": "Encryption key unstaged",
};

export const ACTION_GROUPS: readonly (readonly [label: string, prefix: string])[] = [
  ["Connections", "credential."],
  ["Links", "flow."],
  ["Servers", "server."],
  ["Access", "grants."],
  ["Virtual keys", "virtual_key."],
  ["People", "user."],
  ["Groups", "group."],
  ["Sign-in", "sign_in."],
  ["Apps", "app."],
  ["Administration", "admin_token."],
  ["Setup", "setup."],
  ["Encryption keys", "vault."],
];

const ICONS: readonly (readonly [prefix: string, icon: LucideIcon])[] = [
  ["credential.", Plug],
  ["flow.opener_mismatch", ShieldAlert],
  ["flow.", Plug],
  ["server.", Server],
  ["grants.", UsersRound],
  ["virtual_key.", KeyRound],
  ["user.", UserRound],
  ["group.", UsersRound],
  ["sign_in.failed", ShieldAlert],
  ["sign_in.", LogIn],
  ["app.", AppWindow],
];

export function iconOf(action: AuditAction): LucideIcon {
  return ICONS.find(([prefix]) => action.startsWith(prefix))?.[1] ?? Settings2;
}

/** What a change of many connections did to the one whose life is told. */
export const EFFECT_TEXT: Readonly<Record<AuditEffect, string>> = {
  orphaned: "Access was lost. The values are kept, unused.",
  reactivated: "Access has returned. The values are used again.",
  needs_update: "New values are needed.",
  active: "The values fit again.",
  deleted: "The connection was deleted with it.",
};

const CHANGES: Readonly<Record<string, string>> = {
  name: "name",
  url: "address",
  headerSchema: "header fields",
  staticHeaders: "headers for everyone",
  allowAllIdentities: "access for everyone",
  linkPolicy: "link policy",
  verification: "verification",
  tools: "tools",
  isEnabled: "whether it is enabled",
  enabled: "whether it is enabled",
  role: "role",
  members: "members",
  expiresAt: "expiry",
  rateLimitPerMinute: "rate limit",
};

export function changesText(changed: readonly string[]): string {
  return changed.map((key) => CHANGES[key] ?? key).join(", ");
}

const STEPS: Readonly<Record<string, string>> = {
  connect: "when connecting",
  list_tools: "when asked for the tools",
  probe_tool: "when the probe tool was called",
};

export function reasonText(reason: string): string {
  return STEPS[reason] ?? reason.replaceAll("_", " ");
}
