import { sql, type Compilable, type CompiledQuery, type RawBuilder } from "kysely";
import type { Db, Engine } from "./engine.ts";

/** Stands in a compiled query where a value will be. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A reading query for at most one row that is built once and run with different values: building one takes several times
 * as long as running it. For what is on the way of every call.
 */
export function prepare<Name extends string, Row>(
  engine: Engine,
  names: readonly Name[],
  build: (db: Db, value: (name: Name) => RawBuilder<string>) => Compilable<Row>,
): (values: Readonly<Record<Name, string>>) => Promise<Row | undefined> {
  const placeholders = new Map(names.map((name) => [name, new Placeholder(name)]));
  let compiled: CompiledQuery<Row> | undefined;
  return (values) => {
    const byName: Readonly<Record<string, string>> = values;
    return engine.first((db) => {
      compiled ??= build(db, (name) => sql<string>`${placeholders.get(name)}`).compile();
      const parameters = compiled.parameters.map((parameter) =>
        parameter instanceof Placeholder ? byName[parameter.name] : parameter,
      );
      return { ...compiled, parameters };
    });
  };
}
