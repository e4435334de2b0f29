import type { Server } from "../app/admin-shapes.ts";
import { useGuardedChange } from "../app/use-guarded-change.tsx";
import { patchServer, type ServerPatch } from "./server-api.ts";

/** Changes a server, after a question when that affects anybody. */
export function useServerPatch({ id }: Pick<Server, "id">, done: string, onDone?: () => void) {
  return useGuardedChange({
    preview: (patch: ServerPatch) => patchServer(id, patch, true),
    change: (patch: ServerPatch) => patchServer(id, patch),
    refreshes: ["servers", "server", "credentials", "me"],
    done,
    action: "Save",
    showsError: true,
    ...(onDone && { onDone }),
  });
}
