import type { Hook } from "@hono/zod-openapi";
import { KeywardError } from "../core/errors.ts";
import type { HttpEnv } from "./context.ts";

type Failure = Extract<Parameters<Hook<unknown, HttpEnv, string, unknown>>[0], { success: false }>;
type Issue = Failure["error"]["issues"][number];

// A key that is a word may be named back; anything else could be a value in the wrong place.
const WORD = /^[a-z]{1,20}(?:_[a-z]{1,20}){0,4}$/;

/** Judges nothing: turns what the schema found into one error that names the place and never what stands there. */
export function refuseInvalid(result: { readonly success: true } | Failure): void {
  if (result.success) {
    return;
  }
  const [issue] = result.error.issues;
  const place = result.target === "json" ? "body" : result.target === "query" ? "query" : "path";
  if (issue === undefined) {
    throw new KeywardError("invalid_request");
  }
  const path = pathOf(issue);
  throw new KeywardError("invalid_request", {
    message: `${path === "" ? `The ${place}` : `${path} (${place})`} ${sentence(issue)}.`,
    details: { in: place, path },
  });
}

/** `header_schema[0].name`. Its parts are keys of our schemas and positions, never keys that were sent. */
function pathOf(issue: Issue): string {
  let path = "";
  for (const part of issue.path) {
    path += typeof part === "number" ? `[${part}]` : `${path === "" ? "" : "."}${String(part)}`;
  }
  return path;
}

function sentence(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${issue.expected === "int" ? "an integer" : `of type ${issue.expected}`}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case "unrecognized_keys": {
      const named = issue.keys.filter((key) => WORD.test(key));
      return `has a key that is not documented${named.length === 0 ? "" : `: ${named.join(", ")}`}`;
    }
    case "custom":
      return issue.message;
    case "invalid_format":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
      return "is not acceptable";
  }
}

function unitOf(origin: string): string {
  return origin === "string" ? " characters long" : origin === "array" ? " items long" : "";
}
