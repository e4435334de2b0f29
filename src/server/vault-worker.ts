import { isKeywardError } from "../core/errors.ts";
import type { KeyRotationStore } from "../core/key-rotation-port.ts";
import type { Clock, Logger } from "../core/ports.ts";
import type { KeyringVault } from "../vault/vault.ts";

/** Half of what is promised, 2 s: a rotation that falls between two looks is known after the next. */
const REFRESH_MS = 1_000;
const NOTE_EVERY = 60;

/** Takes over what other processes do to the keys, and notes how much was sealed, as long as a gateway serves. */
export class VaultWorker {
  readonly #vault: KeyringVault;
  readonly #store: Pick<KeyRotationStore, "noteSeals">;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #cancel: () => void = () => {};
  #round: Promise<void> = Promise.resolve();
  #rounds = 0;
  #isStopped = false;
  #hasFailed = false;

  constructor(parts: {
    readonly vault: KeyringVault;
    readonly store: Pick<KeyRotationStore, "noteSeals">;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#vault = parts.vault;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  start(): void {
    this.#cancel = this.#clock.schedule(
      REFRESH_MS,
      () => {
        this.#round = this.#look().then(() => {
          if (!this.#isStopped) {
            this.start();
          }
        });
      },
      { isBackground: true },
    );
  }

  /** Notes what was sealed since. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#round;
    await this.#noteSeals();
  }

  async #look(): Promise<void> {
    try {
      await this.#vault.refresh();
      this.#hasFailed = false;
    } catch (error) {
      // Once for each time that it begins to fail: a store that is away is told of often enough.
      if (!this.#hasFailed) {
        this.#logger.error("vault_refresh_failed", { code: isKeywardError(error) ? error.code : "internal" });
      }
      this.#hasFailed = true;
    }
    this.#rounds += 1;
    if (this.#rounds % NOTE_EVERY === 0) {
      await this.#noteSeals();
    }
  }

  async #noteSeals(): Promise<void> {
    const seals = this.#vault.takeSeals();
    if (seals.size === 0) {
      return;
    }
    try {
      await this.#store.noteSeals(seals);
    } catch {
      this.#logger.warn("seals_not_counted");
    }
  }
}
