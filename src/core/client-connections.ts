import type { Identity } from "./identity.ts";

/** What clients hold open towards Keyward: streams, and calls that are answered on one. */
export interface ClientConnections {
  /** Ends all that an identity holds open, because it may call no more (promise P8). */
  endOf(identity: Identity): void;
  /** Asks at once of all that is open whether it may stay, because access has changed somewhere; ends what may not. */
  review(): void;
}
