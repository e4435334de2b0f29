import { useLocation, useSearch } from "wouter";

type Values<K extends string> = Readonly<Record<K, string | null>>;
type Changes<K extends string> = Readonly<Partial<Record<K, string | null>>>;

interface Filters<K extends string> {
  readonly values: Values<K>;
  /** Stands in the address at once, in the place of the address before: going back leaves the page. */
  readonly set: (changes: Changes<K>) => void;
  /** The address of this page with other values. */
  readonly hrefWith: (changes: Changes<K>) => string;
  /** Whether any is set. */
  readonly isAny: boolean;
}

/** Filters and what is open beside a list live in the address: it can be reloaded, kept and sent to somebody. */
export function useFilters<K extends string>(names: readonly K[]): Filters<K> {
  const [path, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const values = Object.fromEntries(names.map((name) => [name, given(search.get(name))])) as Values<K>;

  function hrefWith(changes: Changes<K>): string {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries<string | null | undefined>(changes)) {
      if (value === undefined) continue;
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
    }
    const text = next.toString();
    return text === "" ? path : `${path}?${text}`;
  }

  return {
    values,
    set: (changes) => navigate(hrefWith(changes), { replace: true }),
    hrefWith,
    isAny: names.some((name) => values[name] !== null),
  };
}

function given(value: string | null): string | null {
  return value === "" ? null : value;
}
