import type { Openings, Requester } from "./access.ts";
import { entryOf } from "./audit.ts";
import { parseDisplayName } from "./display-name.ts";
import { KeywardError } from "./errors.ts";
import type { GroupStore, Intent } from "./people-port.ts";
import type { Random } from "./ports.ts";
import type { AccessChange, Reconciliation } from "./access-port.ts";
import { mintId } from "./token.ts";
import type { Group } from "./user.ts";

/** Named sets of users. A server that is granted to a group may be used by its members. */
export interface Groups {
  /** @throws KeywardError `invalid_request`, `name_taken` */
  create(name: string, by: Requester): Promise<Group>;
  /** @throws KeywardError `group_not_found`, `invalid_request`, `name_taken` */
  rename(id: string, name: string, by: Requester): Promise<Group>;
  /** @throws KeywardError `group_not_found` */
  remove(id: string, by: Requester, intent?: Intent): Promise<Reconciliation>;
  /** @throws KeywardError `group_not_found`, `user_not_found` */
  changeMembers(
    id: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
    by: Requester,
    intent?: Intent,
  ): Promise<Reconciliation>;
}

export function createGroups(parts: Openings & { readonly store: GroupStore; readonly random: Random }): Groups {
  const { store, random, upstream, listChanges, connections } = parts;

  function conclude({ reconciliation, orphanedIds }: AccessChange, intent: Intent): Reconciliation {
    if (intent !== "preview") {
      orphanedIds.forEach((id) => upstream.forgetCredential(id));
      connections?.review();
      listChanges?.changed({});
    }
    return reconciliation;
  }

  return {
    async create(name, by) {
      const group = { id: mintId("grp", random), name: parseDisplayName(name) };
      const detail = { name: group.name, group: group.id };
      return store.createGroup(group, { ...entryOf(by, "group.created"), detail });
    },

    async rename(id, text, by) {
      const name = parseDisplayName(text);
      const detail = { name, changed: ["name"], group: id };
      return found(await store.renameGroup(id, name, { ...entryOf(by, "group.updated"), detail }));
    },

    async remove(id, by, intent = "apply") {
      const { name } = found(await store.findGroup(id));
      const entry = { ...entryOf(by, "group.deleted"), detail: { name, group: id } };
      return conclude(found(await store.deleteGroup(id, intent, entry)), intent);
    },

    async changeMembers(id, change, by, intent = "apply") {
      const entry = { ...entryOf(by, "group.updated"), detail: { changed: ["members"], group: id } };
      return conclude(await store.changeMembers(id, change, intent, entry), intent);
    },
  };
}

/** @throws KeywardError `group_not_found` */
function found<T>(value: T | null): T {
  if (value === null) {
    throw new KeywardError("group_not_found");
  }
  return value;
}
