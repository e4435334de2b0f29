import type { Schemas } from "../../../../src/client/api-types.ts";
import type { AuthMode, Grant } from "../../app/admin-shapes.ts";
import type { Candidate } from "../pick/use-candidates.ts";

type GrantInput = Schemas["GrantsInput"]["grants"][number];

/** Somebody who may use a server, while the list is edited. */
export interface DraftGrant {
  readonly kind: "group" | AuthMode;
  readonly id: string;
  readonly name: string | null;
  /** null: all that the server allows. */
  readonly tools: readonly string[] | null;
}

export function draftOf(grant: Grant): DraftGrant {
  const { tools, name } = grant;
  return "group" in grant
    ? { kind: "group", id: grant.group, name, tools }
    : { kind: grant.auth_mode, id: grant.identity, name, tools };
}

export function draftOfPicked({ kind, id, name }: Candidate): DraftGrant {
  return { kind, id, name, tools: null };
}

export function grantOf({ kind, id, tools }: DraftGrant): GrantInput {
  const granted = { tools: tools === null ? null : [...tools] };
  return kind === "group" ? { group: id, ...granted } : { auth_mode: kind, identity: id, ...granted };
}

export function grantKey({ kind, id }: Pick<DraftGrant, "kind" | "id">): string {
  return `${kind} ${id}`;
}

/** Whether both would be saved as the same grants, in whatever order. */
export function isSameGrants(one: readonly DraftGrant[], other: readonly DraftGrant[]): boolean {
  const textOf = (grants: readonly DraftGrant[]): string =>
    grants
      .map((grant) => JSON.stringify([grantKey(grant), grant.tools?.toSorted() ?? null]))
      .toSorted()
      .join("\n");
  return textOf(one) === textOf(other);
}
