import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Literal, scan } from "./scan.ts";

export interface SourceFile {
  /** From the repository's root, with `/`: `src/core/secret.ts`. */
  readonly path: string;
  /** The text with comments and the content of literals blanked, offsets kept. */
  readonly code: string;
  readonly literals: readonly Literal[];
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export function sourceFile(path: string, text: string): SourceFile {
  return { path, ...scan(text) };
}

/** Every `.ts` file below a folder of the repository, in a stable order; none when the folder is absent. */
export function readSourceFiles(folder: string): SourceFile[] {
  return filesBelow(folder)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => sourceFile(path, readFileSync(join(ROOT, path), "utf8")));
}

/** The paths of all files below a folder of the repository, from the root, sorted. */
function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .toSorted();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** `src/core/secret.ts:12`, the form that terminals and editors open. */
export function placeOf(file: SourceFile, offset: number): string {
  return `${file.path}:${file.code.slice(0, offset).split("\n").length}`;
}
