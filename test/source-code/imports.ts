import { posix } from "node:path";
import { placeOf, type SourceFile } from "./source-file.ts";

export interface Import {
  /** As written: `./secret.ts`, `node:http`, `undici`. */
  readonly specifier: string;
  /** Where a relative specifier leads, from the repository's root; otherwise the specifier itself. */
  readonly target: string;
  /** True of `import type` and `export type`, which leave nothing behind at run time. */
  readonly isTypeOnly: boolean;
  readonly place: string;
}

// `import ... from "x"`, `export ... from "x"`, `import "x"`, `import("x")`, `require("x")`, `import.meta.resolve` not.
const STATEMENT =
  /(?<![.\w$#])(?:(?<keyword>import|export)\s+(?<type>type\s+(?!from\b))?[\w$*{][^;"'`()=]*?\bfrom\s*|import\s*\(?\s*|require\s*\(\s*)["'`]/g;

export function importsOf(file: SourceFile): Import[] {
  return [...file.code.matchAll(STATEMENT)].flatMap((match) => {
    const start = match.index + match[0].length;
    const literal = file.literals.find((candidate) => candidate.start === start);
    if (literal === undefined) return [];
    const specifier = literal.content;
    return {
      specifier,
      target: specifier.startsWith(".") ? posix.join(posix.dirname(file.path), specifier) : specifier,
      isTypeOnly: match.groups?.["type"] !== undefined,
      place: placeOf(file, match.index),
    };
  });
}
