import { z } from "@hono/zod-openapi";
import { isJsonObject, type JsonObject } from "../../core/json.ts";

const MAX_DEPTH = 32;

/** Arguments of a probe tool. They are stored as they are; nested deeper they could not be written again by recursion. */
export const ToolArguments: z.ZodCustom<JsonObject, JsonObject> = z
  .custom<JsonObject>(
    (value) => isJsonObject(value) && isShallow(value),
    `must be an object, at most ${MAX_DEPTH} deep`,
  )
  .openapi({ type: "object", additionalProperties: true });

function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    level = level.flatMap((item): unknown[] => (typeof item === "object" && item !== null ? Object.values(item) : []));
    if (level.length === 0) {
      return true;
    }
  }
  return false;
}
