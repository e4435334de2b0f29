import type { Clock } from "../../core/ports.ts";
import type { EgressResponse } from "../egress/receiver.ts";
import { type JsonRpcResponse, parseJson, responseTo } from "../json-rpc.ts";
import type { UpstreamLimits } from "../limits.ts";
import { createEventDecoder } from "../sse.ts";

/**
 * The stream on which a server of 2024-11-05 answers; questions are posted to the endpoint that its first event names.
 *
 * It knows no header values: the request that opened it carried them, and each POST carries them again. Requests and
 * notifications of the server are passed over, since Keyward has declared no capability.
 */
export interface Channel {
  readonly isOpen: boolean;
  /** @returns where to post, always of the stream's own origin; null when the stream ends before it says so */
  endpoint(): Promise<URL | null>;
  /** @returns null when the channel closes or the signal aborts before the answer comes */
  answerTo(id: number, signal: AbortSignal): Promise<JsonRpcResponse | null>;
  close(): void;
}

export interface ChannelOptions {
  /** What the endpoint is resolved against. */
  readonly url: URL;
  readonly clock: Clock;
  readonly limits: Pick<UpstreamLimits, "bodyBytes" | "eventLength" | "sessionIdleMs">;
  /** Ends the stream's request; called once. */
  readonly onClose: (channel: Channel) => void;
}

export function createChannel(response: EgressResponse, options: ChannelOptions): Channel {
  const { url, clock, limits, onClose } = options;
  const waiting = new Map<number, (answer: JsonRpcResponse | null) => void>();
  const endpoint = Promise.withResolvers<URL | null>();
  let isOpen = true;
  let bytes = 0;
  let cancelIdle = (): void => {};

  const close = (): void => {
    if (!isOpen) {
      return;
    }
    isOpen = false;
    cancelIdle();
    endpoint.resolve(null);
    for (const settle of waiting.values()) settle(null);
    waiting.clear();
    onClose(channel);
  };

  const keepAlive = (): void => {
    bytes = 0;
    cancelIdle();
    cancelIdle = clock.schedule(limits.sessionIdleMs, () => (waiting.size > 0 ? keepAlive() : close()), {
      isBackground: true,
    });
  };

  const take = (type: string, data: string): void => {
    if (type === "endpoint") {
      // Only the first counts: where the values go is settled when the channel is opened.
      endpoint.resolve(sameOriginUrl(data, url));
      return;
    }
    const message = type === "message" ? parseJson(data) : null;
    for (const [id, settle] of message === null ? [] : waiting) {
      const answer = responseTo(id, message, false);
      if (answer !== null) settle(answer);
    }
  };

  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    const events = createEventDecoder(limits.eventLength);
    try {
      await response.parts((part) => {
        bytes += part.length;
        // A server that talks and talks while nobody asks it anything.
        if (!isOpen || bytes > limits.bodyBytes) return "enough";
        for (const { type, data } of events.push(decoder.decode(part, { stream: true }))) take(type, data);
        return undefined;
      });
    } catch {
      // Whoever waits is told by the closing.
    } finally {
      close();
      response.discard();
    }
  };

  const channel: Channel = {
    get isOpen() {
      return isOpen;
    },
    endpoint: () => endpoint.promise,
    answerTo(id, signal) {
      if (!isOpen || signal.aborted) {
        return Promise.resolve(null);
      }
      keepAlive();
      return new Promise((resolve) => {
        const settle = (answer: JsonRpcResponse | null): void => {
          waiting.delete(id);
          signal.removeEventListener("abort", leave);
          resolve(answer);
        };
        const leave = (): void => settle(null);
        signal.addEventListener("abort", leave, { once: true });
        waiting.set(id, settle);
      });
    },
    close,
  };
  keepAlive();
  void read();
  return channel;
}

/** @returns null for a URL of another origin, where the values may not go (promise P1) */
function sameOriginUrl(reference: string, base: URL): URL | null {
  const url = URL.canParse(reference, base.href) ? new URL(reference, base) : null;
  return url?.origin === base.origin ? url : null;
}
