import type { IncomingMessage } from "node:http";
import type { Callers } from "../../core/callers.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import { authenticate } from "../authenticate.ts";

/** Looks again and again whether the credential that opened a stream is still good: one timer for all streams. */
export interface KeyWatch {
  /** @returns ends the watch; the timer runs only while something is watched */
  add(request: Pick<IncomingMessage, "rawHeaders">, end: () => void): () => void;
}

/**
 * Less than the 5 s within which the streams of a key end that was revoked, by this process or another one, or that has
 * expired (promise P8).
 */
const INTERVAL_MS = 4_000;
/** Streams looked at before other work gets its turn. */
const BATCH = 100;

export function createKeyWatch({ callers, clock }: { readonly callers: Callers; readonly clock: Clock }): KeyWatch {
  const watched = new Map<() => void, Pick<IncomingMessage, "rawHeaders">>();
  let cancel: (() => void) | null = null;

  function schedule(): void {
    cancel ??= clock.schedule(INTERVAL_MS, () => void look(), { isBackground: true });
  }

  async function look(): Promise<void> {
    let count = 0;
    for (const [end, request] of watched) {
      count += 1;
      if (count % BATCH === 0) await breathe();
      if (watched.has(end) && !(await mayStay(request))) end();
    }
    cancel = null;
    if (watched.size > 0) schedule();
  }

  function breathe(): Promise<void> {
    return new Promise((resolve) => {
      clock.schedule(0, resolve);
    });
  }

  /** What cannot be known just now ends nothing (promise P10). */
  async function mayStay(request: Pick<IncomingMessage, "rawHeaders">): Promise<boolean> {
    try {
      await authenticate(request, callers);
      return true;
    } catch (error) {
      return !isKeywardError(error, "unauthenticated");
    }
  }

  return {
    add(request, end) {
      const own = (): void => end();
      watched.set(own, request);
      schedule();
      return () => {
        watched.delete(own);
        if (watched.size === 0) {
          cancel?.();
          cancel = null;
        }
      };
    },
  };
}
