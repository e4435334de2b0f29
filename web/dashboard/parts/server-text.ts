import type { AuthType, ConnectionCounts, Server } from "../app/admin-shapes.ts";

export const AUTH_TEXT: Readonly<Record<AuthType, string>> = {
  per_user_headers: "Each person's own keys",
  headers: "The same for everyone",
  none: "None",
};

/** In a column that says "Keys". */
export const AUTH_WORD: Readonly<Record<AuthType, string>> = {
  per_user_headers: "Each person's",
  headers: "Shared",
  none: "None",
};

export const ERA_TEXT = { modern: "Modern", legacy: "Legacy" } as const;

/** "12", or "8 of 12" where a list allows some. Null before the first verification. */
export function toolsText({ tools, discovered }: Pick<Server, "tools" | "discovered">): string | null {
  if (discovered === null) return null;
  const offered = discovered.tools.length;
  if (tools === null) return String(offered);
  return `${discovered.tools.filter(({ name }) => tools.includes(name)).length} of ${offered}`;
}

/** Allowed tools that the server does not offer any more. */
export function goneTools({ tools, discovered }: Pick<Server, "tools" | "discovered">): readonly string[] {
  const offered = new Set(discovered?.tools.map(({ name }) => name));
  return discovered === null ? [] : (tools ?? []).filter((name) => !offered.has(name));
}

/** What an administrator should look at, the gravest first. */
export function attentionOf(server: Server, counts: ConnectionCounts): readonly string[] {
  const { status, discovered } = server;
  if (status === "disabled") return [];
  const gone = goneTools(server).length;
  return [
    status === "pending_verification" ? "Give sample values" : null,
    counts.rejected > 0 ? `${counts.rejected} rejected` : null,
    counts.needs_update > 0 ? `${counts.needs_update} to be updated` : null,
    discovered?.tools.length === 0 ? "Offers no tools" : null,
    gone > 0 ? `${gone} allowed ${gone === 1 ? "tool is" : "tools are"} gone` : null,
  ].filter((text) => text !== null);
}
