import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { answerOf } from "../../../../src/client/client.ts";
import { api } from "../../app/api.ts";
import type { User } from "../../app/api-shapes.ts";
import { useDebounced } from "../../app/use-debounced.ts";
import { Field } from "../../ui/field.tsx";
import { SearchInput, Select } from "../../ui/input.tsx";

export type Owner =
  | { readonly kind: "me" }
  | { readonly kind: "nobody" }
  | { readonly kind: "other"; readonly user: Pick<User, "id" | "name"> | null };

interface OwnerFieldProps {
  readonly owner: Owner;
  readonly onChange: (owner: Owner) => void;
  readonly error: string | undefined;
}

const HINTS: Readonly<Record<Owner["kind"], string>> = {
  me: "It acts as you, with your stored keys.",
  nobody: "It acts as itself: it has grants and stored keys of its own.",
  other: "It acts as that person, with their stored keys.",
};

/** Whom a key acts as; for administrators. */
export function OwnerField({ owner, onChange, error }: OwnerFieldProps) {
  return (
    <div className="grid gap-3">
      <Field label="Acts as" hint={HINTS[owner.kind]} error={error}>
        {(control) => (
          <Select
            {...control}
            name="owner"
            value={owner.kind}
            onChange={(event) => {
              const kind = event.target.value as Owner["kind"];
              onChange(kind === "other" ? { kind, user: null } : { kind });
            }}
          >
            <option value="me">Me</option>
            <option value="other">Another person</option>
            <option value="nobody">Itself, without an owner</option>
          </Select>
        )}
      </Field>
      {owner.kind === "other" ? (
        <PersonPicker chosen={owner.user} onChoose={(user) => onChange({ kind: "other", user })} />
      ) : null}
    </div>
  );
}

const SHOWN = 6;

interface PersonPickerProps {
  readonly chosen: Pick<User, "id" | "name"> | null;
  readonly onChoose: (user: User) => void;
}

function PersonPicker({ chosen, onChoose }: PersonPickerProps) {
  const name = useId();
  const [search, setSearch] = useState("");
  const q = useDebounced(search.trim());
  const people = useQuery({
    queryKey: ["users", "picker", q],
    queryFn: ({ signal }) =>
      answerOf(api.GET("/api/v1/users", { params: { query: { limit: SHOWN, ...(q && { q }) } }, signal })),
  });
  return (
    <div className="grid gap-2">
      <SearchInput label="Search people" value={search} onChange={(event) => setSearch(event.target.value)} />
      <fieldset className="rounded-md border border-line">
        <legend className="sr-only">Person</legend>
        {people.data?.items.map((user) => (
          <label
            key={user.id}
            className="flex cursor-pointer items-center gap-3 border-b border-line px-3 py-2 last:border-b-0 hover:bg-muted"
          >
            <input
              type="radio"
              name={name}
              aria-label={`${user.name}, ${user.email}`}
              checked={chosen?.id === user.id}
              onChange={() => onChoose(user)}
            />
            <span className="min-w-0">
              <bdi className="block truncate font-medium">{user.name}</bdi>
              <bdi className="block truncate text-sm text-soft">{user.email}</bdi>
            </span>
          </label>
        ))}
        {people.data?.items.length === 0 ? <p className="p-3 text-soft">Nobody matches.</p> : null}
        {people.data === undefined ? (
          <p className="p-3 text-soft">{people.error === null ? "Loading" : "People could not be loaded."}</p>
        ) : null}
      </fieldset>
    </div>
  );
}
