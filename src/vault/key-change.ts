import { type AuditAction, type AuditEntry, NO_ORIGIN } from "../core/audit.ts";
import { KeywardError } from "../core/errors.ts";
import type { KeyRotationStore } from "../core/key-rotation-port.ts";
import type { Random } from "../core/ports.ts";
import type { KeyStore } from "../core/key-port.ts";
import type { KeyEncryption } from "./kms/key-encryption.ts";

/** What every change of the keys needs. */
export interface KeyChangeOptions {
  readonly keyStore: KeyStore & KeyRotationStore;
  readonly keyEncryption: KeyEncryption;
  readonly random: Random;
}

/** Whoever can reach database and key: the log knows no more of an operator at the command line. */
export function entryOfChange(action: AuditAction, name: string, changed: readonly string[] = []): AuditEntry {
  return {
    ...NO_ORIGIN,
    actor: { kind: "system" },
    action,
    outcome: "ok",
    detail: changed.length === 0 ? { name } : { name, changed },
  };
}

export function refused(message: string): KeywardError {
  return new KeywardError("key_change_refused", { message });
}

export function cameSecond(): KeywardError {
  return refused(
    "Somebody else changed the keys at the same time, and nothing was done here. Look at the status again.",
  );
}
