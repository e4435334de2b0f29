import type { Identity } from "./identity.ts";

/** What MCP can tell a client to list again; templates are part of the resources there. */
export type ChangedList = "tools" | "prompts" | "resources";

/** Whose lists of which server: everyone's, or one identity's. */
export interface ListChangeScope {
  /** Absent = any of them. */
  readonly serverId?: string;
  readonly identity?: Identity;
}

/** Is told that lists may have changed. Says nothing of how, so it may be told too often. */
export interface ListChangeSink {
  /** @param lists default: all of them */
  changed(scope: ListChangeScope, lists?: readonly ChangedList[]): void;
}
