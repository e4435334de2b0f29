import { type Identity, identityKey } from "../../core/identity.ts";
import type { ChangedList, ListChangeScope, ListChangeSink } from "../../core/list-change.ts";

type ListChangeListener = (lists: readonly ChangedList[]) => void;

/** Who wants to know when the lists that an identity gets from `/mcp` may have changed. */
export interface ListChanges extends ListChangeSink {
  /**
   * A change for everyone reaches every identity, whether it may use the server or not: whoever has just lost access has
   * to hear of it too, and nothing but "list again" is said.
   * @returns ends the subscription; safe to call twice
   */
  subscribe(identity: Identity, listener: ListChangeListener): () => void;
}

const ALL: readonly ChangedList[] = ["tools", "prompts", "resources"];

export function createListChanges(): ListChanges {
  const byIdentity = new Map<string, Set<ListChangeListener>>();

  function listenersOf({ identity }: ListChangeScope): readonly ListChangeListener[] {
    const sets = identity === undefined ? [...byIdentity.values()] : [byIdentity.get(identityKey(identity)) ?? []];
    // A copy: a listener may end its own subscription.
    return sets.flatMap((listeners) => [...listeners]);
  }

  return {
    changed(scope, lists = ALL) {
      listenersOf(scope).forEach((listener) => listener(lists));
    },

    subscribe(identity, listener) {
      const key = identityKey(identity);
      const listeners = byIdentity.get(key) ?? new Set();
      // Each subscription is its own, even if one function subscribes twice.
      const own: ListChangeListener = (lists) => listener(lists);
      byIdentity.set(key, listeners.add(own));
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && byIdentity.get(key) === listeners) byIdentity.delete(key);
      };
    },
  };
}
