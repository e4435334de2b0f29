import { EXAMPLES } from "./examples.ts";

/* The description with an example at each body and each answer that is not an error. */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly default?: unknown;
  readonly example?: unknown;
}

interface Media {
  readonly schema: Schema;
  example?: unknown;
}

interface Body {
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Text that no example gives. A test looks for it. */
export const UNKNOWN_TEXT = "(text)";

/** Writes the examples into a description. */
export function addExamples({ paths, components }: Described): void {
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    const answers = Object.entries(operation.responses).flatMap(([status, answer]) =>
      status.startsWith("2") ? answer : [],
    );
    for (const { content = {} } of [operation.requestBody ?? {}, ...answers]) {
      const media = content["application/json"];
      if (media !== undefined) {
        media.example = exampleOf(media.schema, components.schemas);
      }
    }
  }
}

function exampleOf(schema: Schema, schemas: Described["components"]["schemas"]): unknown {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return EXAMPLES[name] ?? exampleOf(schemas[name] ?? {}, schemas);
  }
  if (schema.example !== undefined) {
    return schema.example;
  }
  if (schema.allOf !== undefined) {
    return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, schemas))) as unknown;
  }
  if (schema.anyOf?.[0] !== undefined) {
    return exampleOf(schema.anyOf[0], schemas);
  }
  return schema.default ?? schema.enum?.[0] ?? plainExampleOf(schema, schemas);
}

function plainExampleOf(schema: Schema, schemas: Described["components"]["schemas"]): unknown {
  const [type] = [schema.type ?? "object"].flat();
  switch (type) {
    case "string":
      return UNKNOWN_TEXT;
    case "integer":
    case "number":
      return schema.minimum ?? 0;
    case "boolean":
      return true;
    case "array":
      return schema.items === undefined ? [] : [exampleOf(schema.items, schemas)];
    case undefined:
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, property]) => [name, exampleOf(property, schemas)]),
      );
  }
}
