import { toPrintable } from "./printable.ts";
import type { RequestedBy } from "./flow-port.ts";

const MAX_NAME = 64;

/** Cuts and cleans what a client says of itself: it is shown to the person who opens the link, as text. */
export function parseRequestedBy(claimed: {
  readonly clientName?: unknown;
  readonly clientVersion?: unknown;
  readonly address: string | null;
}): RequestedBy {
  return {
    clientName: clean(claimed.clientName),
    clientVersion: clean(claimed.clientVersion),
    address: claimed.address,
  };
}

function clean(text: unknown): string | null {
  const cleaned = typeof text === "string" ? toPrintable(text, MAX_NAME) : "";
  return cleaned === "" ? null : cleaned;
}
