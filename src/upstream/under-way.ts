import type { CallHeaders } from "../core/ports.ts";

/** Everything that carries headers at this moment, so that it can be ended when they are revoked (promise P8). */
export interface UnderWay {
  /**
   * Runs a task that is aborted by `forgetCredential` and `forgetServer` as well as by the caller.
   * @param signal the caller's
   */
  run<T>(
    serverId: string,
    call: CallHeaders,
    signal: AbortSignal | undefined,
    task: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  forgetCredential(credentialId: string): void;
  forgetServer(serverId: string): void;
  abortAll(): void;
}

/** Why a signal was aborted when it was not its caller who left. */
export const REVOKED = "revoked";

interface Entry {
  readonly serverId: string;
  readonly credentialId: string | null;
  readonly controller: AbortController;
}

export function createUnderWay(): UnderWay {
  const entries = new Set<Entry>();
  const abort = (matches: (entry: Entry) => boolean): void => {
    for (const entry of entries) {
      if (matches(entry)) entry.controller.abort(REVOKED);
    }
  };
  return {
    async run(serverId, call, signal, task) {
      const controller = new AbortController();
      const entry = { serverId, credentialId: call.credential?.id ?? null, controller };
      const leave = (): void => controller.abort();
      if (signal?.aborted === true) leave();
      signal?.addEventListener("abort", leave);
      entries.add(entry);
      try {
        return await task(controller.signal);
      } finally {
        entries.delete(entry);
        signal?.removeEventListener("abort", leave);
      }
    },
    forgetCredential: (credentialId) => abort((entry) => entry.credentialId === credentialId),
    forgetServer: (serverId) => abort((entry) => entry.serverId === serverId),
    abortAll: () => abort(() => true),
  };
}
