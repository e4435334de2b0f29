import { z } from "@hono/zod-openapi";
import { isPrintable } from "../../core/printable.ts";

/* What more than one route speaks of. */

export const Time = z
  .int()
  .min(0)
  .openapi({ description: "Milliseconds since the epoch, UTC.", example: 1_785_000_000_000 });

export const OptionalTime = Time.nullable();

/** A name that a person gives: 1 to 80 printable characters without outer whitespace. */
export const DisplayName = z
  .string()
  .min(1)
  .max(80)
  .refine((text) => isPrintable(text) && text === text.trim(), "must be printable, without outer whitespace");

export const Mode = z.enum(["user", "virtual_key", "session"]).openapi("AuthMode");

/** For schemas with a name of their own: the generator writes `.nullable()` of them so that null does not fit. */
export function orNull<T extends z.ZodType>(schema: T): z.ZodUnion<[T, z.ZodNull]> {
  return z.union([schema, z.null()]);
}

export const IdParameter = z.object({ id: z.string().openapi({ param: { name: "id", in: "path" } }) });

export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(500).optional().openapi({
    type: "integer",
    description: "Items per page, 1 to 500. Default 50.",
  }),
  cursor: z.string().max(500).optional().openapi({ description: "`next_cursor` of the page before." }),
};

/** `{ items, next_cursor }`. */
export function pageOf<T extends z.ZodType>(
  item: T,
): z.ZodObject<{ items: z.ZodArray<T>; next_cursor: z.ZodNullable<z.ZodString> }> {
  return z.object({
    items: z.array(item),
    next_cursor: z.string().nullable().openapi({
      description: "Pass it as `cursor`; null on the last page.",
      example: null,
    }),
  });
}

/** A person or program, as lists and pages name it. */
export const IdentityShown = z
  .object({
    auth_mode: Mode,
    id: z.string(),
    name: z.string().nullable().openapi({ description: "Of the user or the virtual key; null for a session." }),
  })
  .openapi("Identity");

/**
 * Header name to value, judged by the core. Not `z.record`: it drops `__proto__`, which has to be refused (A32), and an
 * error of its own would stand before the core's, which never quotes a value.
 */
export function headersInput(
  description: string,
): z.ZodCustom<Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>> {
  return z
    .custom<Readonly<Record<string, unknown>>>(isObject, "must be an object of header names and values")
    .openapi({ type: "object", additionalProperties: { type: "string" }, description });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** From where values were set through a link. */
export const SetFrom = z
  .object({
    client: z.string().nullable().openapi({ description: "Words of a closed list, such as `Firefox on Linux`." }),
    address: z.string().nullable(),
  })
  .openapi("SetFrom");

export const VerificationStrength = z.enum(["proven", "accepted"]).openapi("VerificationStrength", {
  description:
    "`proven`: a wrong value was refused, so the right one made the difference. `accepted`: the server took the value, but would perhaps take any.",
});

/** What is expected of a value, as it was declared. The same rules hold in the form and in the gateway. */
export const FieldFormat = {
  pattern: z.string().nullable(),
  pattern_hint: z.string().nullable(),
  choices: z.array(z.string()).nullable(),
  template: z.string().nullable().openapi({ description: "`{value}` stands for what is typed." }),
};

export const AccessChange = {
  orphaned: z.int().openapi({ description: "Credentials whose identity lost access." }),
  reactivated: z.int().openapi({ description: "Credentials whose identity has access again." }),
  needs_update: z.int().openapi({ description: "Credentials that no longer fit the server." }),
};

const FLAG_WORDS: readonly unknown[] = ["true", "false"];

/** `true` or `false` in a query. */
export function flag(description: string): z.ZodOptional<z.ZodCustom<"true" | "false", "true" | "false">> {
  return z
    .custom<"true" | "false">((value) => FLAG_WORDS.includes(value), "must be true or false")
    .optional()
    .openapi({ type: "boolean", description });
}

/** For routes that can be tried. */
export const DryRunQuery = z.strictObject({
  dry_run: flag("`true`: answers what would happen, and changes nothing."),
});

/** What a change would do. The counts are those of the change itself, made and taken back. */
export const Preview = z
  .object({
    preview: z.object({
      ...AccessChange,
      people: z.int().openapi({ description: "How many identities have a credential that would change, or go." }),
    }),
  })
  .openapi("Preview");

/** The answer of a route that can be tried: the result, or with `dry_run=true` the preview. */
export function orPreview<T extends z.ZodType>(schema: T): z.ZodUnion<[T, typeof Preview]> {
  return z.union([schema, Preview]);
}

/** The 200 of a route that otherwise answers 204. */
export const PREVIEWED = {
  description: "With `dry_run=true`: what would happen.",
  content: { "application/json": { schema: Preview } },
};

/** An `application/json` body or answer. */
export function json<T extends z.ZodType>(schema: T): { "application/json": { schema: T } } {
  return { "application/json": { schema } };
}

/** A body that must be there. */
export function jsonBody<T extends z.ZodType>(
  schema: T,
): { required: true; content: { "application/json": { schema: T } } } {
  return { required: true, content: json(schema) };
}
