import type { IncomingMessage } from "node:http";
import type { Callers } from "../../core/callers.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import { authenticate } from "../authenticate.ts";

/** With what a stream was opened. */
interface Opening {
  readonly request: Pick<IncomingMessage, "rawHeaders">;
  /** The app whose access token it was; null for any other credential. */
  readonly appId: string | null;
}

/** Looks again and again whether the credential that opened a stream is still good: one timer for all streams. */
export interface KeyWatch {
  /** @returns ends the watch; the timer runs only while something is watched */
  add(opening: Opening, end: () => void): () => void;
}

/**
 * Less than the 5 s within which the streams of a key end that was revoked, by this process or another one, or that has
 * expired (promise P8).
 *
 * An access token runs out every 10 minutes, and its client then has another one: what ends a stream that it has opened is
 * the end of its grant, or of its user. Ended with the token, each stream would break six times an hour, and a client
 * that resumes it would miss nothing and gain nothing.
 */
const INTERVAL_MS = 4_000;
/** Streams looked at before other work gets its turn. */
const BATCH = 100;

export function createKeyWatch({ callers, clock }: { readonly callers: Callers; readonly clock: Clock }): KeyWatch {
  const watched = new Map<() => void, Opening>();
  let cancel: (() => void) | null = null;

  function schedule(): void {
    cancel ??= clock.schedule(INTERVAL_MS, () => void look(), { isBackground: true });
  }

  async function look(): Promise<void> {
    let count = 0;
    for (const [end, opening] of watched) {
      count += 1;
      if (count % BATCH === 0) await breathe();
      if (watched.has(end) && !(await mayStay(opening))) end();
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
  async function mayStay({ request, appId }: Opening): Promise<boolean> {
    try {
      return appId === null ? (await authenticate(request, callers)) !== null : await callers.isAppLive(appId);
    } catch (error) {
      return !isKeywardError(error, "unauthenticated");
    }
  }

  return {
    add(opening, end) {
      const own = (): void => end();
      watched.set(own, opening);
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
