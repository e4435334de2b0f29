import { type Call, callsOf, type Era } from "./calls.ts";
import type { LoadClient } from "./load.ts";
import { openSession } from "./session.ts";
import type { Seeded } from "./seed.ts";

/** Calls of many identities at a gateway. */
export interface CallersOptions {
  readonly client: LoadClient;
  readonly url: string;
  readonly era: Era;
  readonly identities: readonly Seeded[];
  /** @param n number of the call */
  readonly tool: (n: number) => string;
}

/**
 * Opens a session for each identity where its era has one.
 * @returns makes a call of the identity whose turn it is: each of the calls under way at a time is another one's
 */
export async function callersOf(options: CallersOptions): Promise<(n: number, lane: number) => Call> {
  const { client, url, era, identities, tool } = options;
  const makers: ((n: number) => Call)[] = [];
  for (const { who, key } of identities) {
    const headers = await openSession(client, url, era, { authorization: `Bearer ${key}` });
    makers.push((n) => callsOf({ era, who, tool: tool(n), headers })(n));
  }
  return (n, lane) => {
    const make = makers[lane % makers.length];
    if (make === undefined) {
      throw new Error("there is no identity to call as");
    }
    return make(n);
  };
}
