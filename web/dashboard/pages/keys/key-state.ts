import type { VirtualKey } from "../../app/api-shapes.ts";

export type KeyState = "active" | "disabled" | "expired";

export function keyState(key: Pick<VirtualKey, "enabled" | "expires_at">, now: number): KeyState {
  if (!key.enabled) return "disabled";
  return key.expires_at !== null && key.expires_at <= now ? "expired" : "active";
}
