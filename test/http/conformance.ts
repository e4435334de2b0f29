import { z } from "zod";
import { describeApi } from "../../src/http/contract/description.ts";

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

const description = JSON.parse(JSON.stringify(describeApi({ version: "0", publicUrl: "http://gateway" }))) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** Those without parameters first: `revoke` is no id. */
const templates = Object.keys(description.paths)
  .toSorted((a, b) => Number(a.includes("{")) - Number(b.includes("{")))
  .map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(".", "\\.").replaceAll(/\{[a-z_]+\}/g, "[^/]+")}$`),
  }));

const parsers = new Map<string, z.ZodType>();

/**
 * How an answer differs from what the API description promises for its path, method and status; null when it does not.
 * A key that is not described differs too: an answer says nothing beyond its description.
 */
export function differenceFromDescription(
  method: string,
  path: string,
  answer: { readonly status: number; readonly contentType: string | null; readonly text: string },
): string | null {
  const template = templates.find(({ pattern }) => pattern.test(path))?.template;
  const operation = template === undefined ? undefined : description.paths[template]?.[method.toLowerCase()];
  if (template === undefined || operation === undefined) {
    return [403, 404, 405].includes(answer.status) || !path.startsWith("/api/") ? null : "an undescribed route";
  }
  const response = operation.responses[answer.status];
  if (response === undefined) {
    return `${method} ${template} has no status ${answer.status}`;
  }
  const type = answer.contentType?.split(";", 1)[0] ?? "";
  const schema = response.content?.[type]?.schema;
  if (schema === undefined) {
    return response.content === undefined && answer.text === "" ? null : `${method} ${template} has no ${type} answer`;
  }
  const value: unknown = type === "application/json" ? JSON.parse(answer.text) : answer.text;
  return differenceFromSchema(`${method} ${template} ${answer.status} ${type}`, schema, value);
}

/** How a value differs from a schema of the description; null when it does not. */
export function differenceFromSchema(place: string, schema: Schema, value: unknown): string | null {
  const result = parserOf(place, schema).safeParse(value);
  return result.success ? null : `${place}: ${z.prettifyError(result.error)}`;
}

function parserOf(key: string, schema: Schema): z.ZodType {
  const known = parsers.get(key) ?? z.fromJSONSchema(resolve(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  parsers.set(key, known);
  return known;
}

/** With references replaced, and closed: what is not described may not be there. */
function resolve(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(resolve);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const { $ref: reference, ...schema } = value as Schema;
  if (typeof reference === "string") {
    return resolve({ ...description.components.schemas[reference.split("/").at(-1) ?? ""], ...schema });
  }
  const resolved = Object.fromEntries(Object.entries(schema).map(([key, item]) => [key, resolve(item)]));
  const isClosable = resolved["properties"] !== undefined && resolved["additionalProperties"] === undefined;
  return isClosable && resolved["allOf"] === undefined ? { ...resolved, additionalProperties: false } : resolved;
}
