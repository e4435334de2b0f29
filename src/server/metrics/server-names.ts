import type { Server } from "../../core/server.ts";

/** The values of the label `server`: names of registered servers, and so many of them. */
export interface ServerNames {
  /** null = none, or all of them: `""`. Beyond the bound: `other`. */
  labelOf(server: Pick<Server, "id" | "name"> | null): string;
  /** Of one that has been called. */
  labelOfId(id: string): string;
}

/** Each costs a series for each combination of the other labels, here and in whatever stores them. */
const MAX_NAMES = 500;
const OTHER = "other";

export function createServerNames(): ServerNames {
  const names = new Map<string, string>();
  return {
    labelOf(server) {
      if (server === null) {
        return "";
      }
      if (names.get(server.id) === server.name) {
        return server.name;
      }
      if (names.size >= MAX_NAMES && !names.has(server.id)) {
        return OTHER;
      }
      names.set(server.id, server.name);
      return server.name;
    },
    labelOfId: (id) => names.get(id) ?? OTHER,
  };
}
