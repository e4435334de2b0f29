import type { AuthRequired } from "../../core/auth-required.ts";
import type { Completions } from "../../core/completions.ts";
import { type Identity, identityKey } from "../../core/identity.ts";
import type { Clock } from "../../core/ports.ts";
import type { Missing } from "./text-result.ts";

/**
 * What each caller was asked for within the last minute and has not given yet: an agent that calls several servers at
 * once gets every link with each answer, and so bothers its person once.
 */
export interface PendingAsks {
  /** @returns the new ask, and after it the others that are still open */
  add(identity: Identity, required: AuthRequired): Missing;
}

interface Ask {
  readonly required: AuthRequired;
  readonly at: number;
}

const WINDOW_MS = 60_000;
const MAX_IDENTITIES = 1_000;
const MAX_ASKS = 16;

/** A link may hold a secret: it is kept for a minute, in memory, and handed to nobody but whom it was made for. */
export function createPendingAsks(parts: {
  readonly clock: Clock;
  readonly completions: Pick<Completions, "subscribe">;
}): PendingAsks {
  const byIdentity = new Map<string, ReadonlyMap<string, Ask>>();

  function keep(key: string, asks: ReadonlyMap<string, Ask>): void {
    byIdentity.delete(key);
    byIdentity.set(key, asks);
    const [oldest] = byIdentity.keys();
    if (byIdentity.size > MAX_IDENTITIES && oldest !== undefined) {
      byIdentity.delete(oldest);
    }
  }

  parts.completions.subscribe(({ identity, serverId }) => {
    const key = identityKey(identity);
    const asks = byIdentity.get(key);
    if (asks !== undefined) {
      byIdentity.set(key, new Map([...asks].filter(([other]) => other !== serverId)));
    }
  });

  return {
    add(identity, required) {
      const key = identityKey(identity);
      const now = parts.clock.now();
      const isOpen = ({ at, required: { serverId, expiresAt } }: Ask): boolean =>
        serverId !== required.serverId && now - at < WINDOW_MS && expiresAt > now;
      const others = [...(byIdentity.get(key)?.values() ?? [])].filter(isOpen).slice(1 - MAX_ASKS);
      keep(key, new Map([...others, { required, at: now }].map((ask) => [ask.required.serverId, ask])));
      return [required, ...others.map((ask) => ask.required)];
    },
  };
}
