import { useGuardedChange } from "../../app/use-guarded-change.tsx";
import { previewMembers, saveMembers } from "./people-api.ts";

type Membership = Parameters<typeof saveMembers>[0];

/** Who joins and leaves groups, after a question when that changes what anybody may use. */
export function useMembership(done: string) {
  return useGuardedChange({
    preview: (changes: Membership) => previewMembers(changes),
    change: saveMembers,
    refreshes: ["users", "user", "groups", "group", "credentials", "me"],
    done,
    action: "Save",
  });
}
