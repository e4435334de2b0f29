import { isKeywardError } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import { openVault, type VaultOptions } from "./open-vault.ts";
import type { KeyringVault } from "./vault.ts";

const PATIENCE_MS = 60_000;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 10_000;

/**
 * `openVault` for a process that is going to serve: while the store or the key command cannot be asked, it asks again
 * after 1, 2, 4, 8 and then every 10 seconds, for 60 seconds from the first time on. Whatever was answered by then counts
 * at once: a wrong key or garbage does not become right by waiting.
 *
 * @throws KeywardError as `openVault`: the last failure, when time is up
 */
export async function openVaultPatiently(options: VaultOptions & { readonly clock: Clock }): Promise<KeyringVault> {
  const { clock, logger } = options;
  const deadline = clock.now() + PATIENCE_MS;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)) {
    try {
      return await openVault(options);
    } catch (error) {
      if (!isKeywardError(error) || !error.isRetryable || clock.now() + delayMs > deadline) {
        throw error;
      }
      logger.warn("vault_not_open_yet", { code: error.code, kek_id: options.keyEncryption.id, retry_in_ms: delayMs });
    }
    await pause(clock, delayMs);
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(ms, resolve);
  });
}
