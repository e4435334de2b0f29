/** By name, what each table, index, trigger and function of a schema is. */
export type Definitions = ReadonlyMap<string, string>;

/** @returns the names that only one of the two has, or that they define differently; sorted */
export function differingNames(expected: Definitions, found: Definitions): readonly string[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((name) => expected.get(name) !== found.get(name))
    .toSorted();
}
