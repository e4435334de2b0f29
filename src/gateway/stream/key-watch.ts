import type { IncomingMessage } from "node:http";
import type { Callers } from "../../core/callers.ts";
import { isKeywardError } from "../../core/errors.ts";
import type { Clock } from "../../core/ports.ts";
import type { AccessStore } from "../../core/store-port.ts";
import { authenticate } from "../authenticate.ts";
import { parseRoute } from "../route.ts";

type Opened = Pick<IncomingMessage, "rawHeaders" | "url">;

/**
 * Looks again and again whether the credential that opened a stream is still good, and may still use the server that it
 * is a stream of: one timer for all streams.
 */
export interface KeyWatch {
  /** @returns ends the watch; the timer runs only while something is watched */
  add(request: Opened, end: () => void): () => void;
  /** Looks now: something has changed. */
  look(): void;
}

/**
 * Less than the 5 s within which the streams of a key end that was revoked or has lost access, by this process or another
 * one, or that has expired (promise P8).
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
  const watched = new Map<() => void, Opened>();
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
    for (const [end, request] of watched) {
      count += 1;
      if (count % BATCH === 0) await breathe();
      if (watched.has(end) && !(await mayStay(request))) end();
    }
  }

  function breathe(): Promise<void> {
    return new Promise((resolve) => {
      clock.schedule(0, resolve);
    });
  }

  /** What cannot be known just now ends nothing (promise P10). */
  async function mayStay(request: Opened): Promise<boolean> {
    try {
      const { identity } = await authenticate(request, callers);
      const route = parseRoute(request.url ?? "");
      return route.kind === "all" || (await store.findAccess(identity, route.serverName)) !== null;
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
        if (watched.size === 0) unschedule();
      };
    },
    look: () => void look(),
  };
}
