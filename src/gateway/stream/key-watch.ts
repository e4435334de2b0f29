import type { IncomingMessage } from "node:http";
import type { Caller, Callers } from "../../core/callers.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import type { Clock } from "../../core/ports.ts";
import type { AccessStore } from "../../core/access-port.ts";
import { authenticate } from "../authenticate.ts";
import { parseRoute } from "../route.ts";

/** What opened a stream, and as whom. */
interface Opening {
  readonly request: Pick<IncomingMessage, "rawHeaders" | "url">;
  readonly caller: Pick<Caller, "identity" | "app">;
}

/**
 * Looks again and again whether the credential that opened a stream is still good, and may still use the server that it
 * is a stream of: one timer for all streams.
 */
export interface KeyWatch {
  /** @returns ends the watch; the timer runs only while something is watched */
  add(opening: Opening, end: () => void): () => void;
  /** Looks now: something has changed. */
  look(): void;
}

/**
 * Less than the 5 s within which the streams of a key end that was revoked or has lost access, by this process or another
 * one, or that has expired (promise P8).
 *
 * An access token runs out every 10 minutes, and its client then has another one: what ends a stream that it has opened is
 * the end of its grant, or of its user. Ended with the token, each stream would break six times an hour, and a client
 * that resumes it would miss nothing and gain nothing.
 */
const INTERVAL_MS = 4_000;
/** Streams looked at before other work gets its turn. */
const BATCH = 100;

export function createKeyWatch(parts: {
  readonly callers: Callers;
  readonly store: Pick<AccessStore, "findAccess">;
  readonly clock: Clock;
}): KeyWatch {
  const { callers, store, clock } = parts;
  const watched = new Map<() => void, Opening>();
  let cancel: (() => void) | null = null;
  let isLooking = false;
  let isStale = false;

  function schedule(): void {
    cancel ??= clock.schedule(INTERVAL_MS, () => void look(), { isBackground: true });
  }

  function unschedule(): void {
    cancel?.();
    cancel = null;
  }

  async function look(): Promise<void> {
    // Whatever changes while it looks is looked at after that.
    isStale = true;
    if (isLooking) {
      return;
    }
    unschedule();
    isLooking = true;
    while (isStale) {
      isStale = false;
      await lookAtEach();
    }
    isLooking = false;
    if (watched.size > 0) schedule();
  }

  async function lookAtEach(): Promise<void> {
    let count = 0;
    for (const [end, opening] of watched) {
      count += 1;
      if (count % BATCH === 0) await breathe();
      if (watched.has(end) && !(await mayStay(opening))) end();
    }
  }

  function breathe(): Promise<void> {
    return new Promise((resolve) => {
      clock.schedule(0, resolve);
    });
  }

  /** @returns null for an app that is connected no more; throws `unauthenticated` for any other credential */
  async function stillCalling(request: Opening["request"], caller: Opening["caller"]): Promise<Identity | null> {
    if (caller.app === null) {
      return (await authenticate(request, callers)).identity;
    }
    return (await callers.isAppLive(caller.app.id)) ? caller.identity : null;
  }

  /** What cannot be known just now ends nothing (promise P10). */
  async function mayStay({ request, caller }: Opening): Promise<boolean> {
    try {
      const identity = await stillCalling(request, caller);
      const route = parseRoute(request.url ?? "");
      return (
        identity !== null && (route.kind === "all" || (await store.findAccess(identity, route.serverName)) !== null)
      );
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
        if (watched.size === 0) unschedule();
      };
    },
    look: () => void look(),
  };
}
