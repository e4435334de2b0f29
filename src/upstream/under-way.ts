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

interface Entry {
  readonly serverId: string;
  readonly credentialId: string | null;
  readonly controller: AbortController;
}

export function createUnderWay(): UnderWay {
  const entries = new Set<Entry>();
  const abort = (matches: (entry: Entry) => boolean): void => {
    for (const entry of entries) {
      if (matches(entry)) entry.controller.abort();
    }
  };
  return {
    async run(serverId, call, signal, task) {
      const entry = { serverId, credentialId: call.credential?.id ?? null, controller: new AbortController() };
      entries.add(entry);
      try {
        return await task(AbortSignal.any([entry.controller.signal, ...(signal === undefined ? [] : [signal])]));
      } finally {
        entries.delete(entry);
      }
    },
    forgetCredential: (credentialId) => abort((entry) => entry.credentialId === credentialId),
    forgetServer: (serverId) => abort((entry) => entry.serverId === serverId),
    abortAll: () => abort(() => true),
  };
}
