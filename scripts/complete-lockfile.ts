/**
 * Completes `package-lock.json` after `npm install` on a registry that does not carry every platform's binaries.
 *
 * npm leaves an optional dependency that it could not find out of the lockfile, and `npm ci` then refuses that
 * lockfile, on every platform. The missing entries are written from what is known without the package: the version that
 * the dependent pins, and the platform that the name says. They carry no integrity until an `npm install` on a registry
 * that has them adds it.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

const PLATFORM_IN_NAME =
  /[/-](?<os>android|darwin|freebsd|linux|openharmony|win32)-(?<cpu>arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(?<abi>\w+))?$/;

const lockfile = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(lockfile, "utf8")) as Lockfile;

function missingEntries(): Record<string, object> {
  const missing: Record<string, object> = {};
  for (const dependent of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(dependent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`;
      const platform = PLATFORM_IN_NAME.exec(name)?.groups;
      if (path in lock.packages || platform === undefined) continue;
      const dev = dependent.dev === true ? { dev: true } : {};
      const { os, cpu } = platform;
      missing[path] = { version, cpu: [cpu], ...dev, ...libcOf(platform), optional: true, os: [os] };
    }
  }
  return missing;
}

function libcOf({ os, abi }: Readonly<Record<string, string>>): object {
  if (os !== "linux" || abi === undefined) return {};
  return { libc: [abi.startsWith("musl") ? "musl" : "glibc"] };
}

const missing = missingEntries();
// npm sorts the lockfile's paths the same way, so that completing it changes only the lines that were missing.
const packages = Object.entries({ ...lock.packages, ...missing }).toSorted(([a], [b]) => a.localeCompare(b, "en"));
writeFileSync(lockfile, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
const names = Object.keys(missing).map((path) => path.slice("node_modules/".length));
console.log(`Added to package-lock.json: ${names.join(", ") || "nothing"}`);
