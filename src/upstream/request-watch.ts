import type { UpstreamFailureCode } from "../core/ports.ts";

/** One HTTP request to a server, as operators see it. */
export interface RequestWatch {
  /**
   * What the request carries for them: its id and the trace that it belongs to. Lower-case names, each of them one that
   * Keyward makes itself: nothing that a client has written.
   */
  readonly headers: ReadonlyMap<string, string>;
  /** The head of the response has come. */
  answered(status: number): void;
  /** It is over. @param failure why there was no usable response; null = there was one, or the fault is on this side */
  ended(failure: UpstreamFailureCode | null): void;
}

/** @param request.isStream whether it may go on for as long as somebody listens */
export type WatchRequests = (request: { readonly serverId: string; readonly isStream: boolean }) => RequestWatch;

const UNWATCHED: RequestWatch = { headers: new Map(), answered() {}, ended() {} };

export const unwatched: WatchRequests = () => UNWATCHED;
