import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Guard, GUARDS } from "../test/guards/guards.ts";

/**
 * `npm run test:guards [-- A05 A14]`: takes each guard of `test/guards/guards.ts` away, in a copy of the repository, and
 * sees the test of its case fail. With all of them in place the same tests have to pass. Exits 1 when one does not.
 */

const REPOSITORY = resolve(fileURLToPath(new URL("..", import.meta.url)));
/** Each in a copy of its own; the tests are mostly waiting. */
const AT_ONCE = 2;

/** Vitest's report, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const chosen = GUARDS.filter(({ abuseCase }) => process.argv.length === 2 || process.argv.includes(abuseCase));
if (chosen.length === 0) {
  process.stderr.write(`No guard of ${process.argv.slice(2).join(", ")} is listed in test/guards/guards.ts.\n`);
  process.exit(2);
}

const copies = Array.from({ length: AT_ONCE }, copyRepository);
process.once("exit", () => copies.forEach((copy) => rmSync(copy, { recursive: true, force: true })));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}

const failures: string[] = [];
await seeAllPass(copies[0] ?? "");
const waiting = [...chosen];
await Promise.all(
  copies.map(async (copy) => {
    for (let guard = waiting.shift(); guard !== undefined; guard = waiting.shift()) {
      await seeFail(copy, guard);
    }
  }),
);
process.stdout.write(`\nGuards: ${chosen.length - failures.length} seen, ${failures.length} not\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** What git knows, with the installed packages and the built pages beside it. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), "keyward-guards-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  for (const path of listed.split("\0").filter((name) => name !== "")) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(REPOSITORY, path), join(copy, path));
  }
  cpSync(join(REPOSITORY, "dist/web"), join(copy, "dist/web"), { recursive: true });
  symlinkSync(join(REPOSITORY, "node_modules"), join(copy, "node_modules"));
  return copy;
}

async function seeAllPass(copy: string): Promise<void> {
  const tests = [...new Set(chosen.map(({ test }) => test))];
  const cases = chosen.map(({ abuseCase }) => abuseCase).join("|");
  const { numPassedTests, numFailedTests } = await run(copy, tests, `\\b(?:${cases})\\b`);
  if (numPassedTests === 0 || numFailedTests > 0) {
    process.stderr.write("With every guard in its place the tests do not pass. Nothing was taken away.\n");
    process.exit(1);
  }
  process.stdout.write(`With every guard in its place ${numPassedTests} tests pass.\n\n`);
}

async function seeFail(copy: string, { abuseCase, what, source, guard, without, test }: Guard): Promise<void> {
  const path = join(copy, source);
  const whole = readFileSync(path, "utf8");
  // A function, because `$` means something in a replacement that is text.
  writeFileSync(
    path,
    whole.replace(guard, () => without),
  );
  try {
    const { numFailedTests } = await run(copy, [test], `\\b${abuseCase}\\b`);
    const verdict = numFailedTests > 0 ? `${numFailedTests} failed` : "NOTHING FAILED";
    process.stdout.write(`${abuseCase}  ${what}: ${verdict}\n`);
    if (numFailedTests === 0) failures.push(abuseCase);
  } finally {
    writeFileSync(path, whole);
  }
}

async function run(copy: string, tests: readonly string[], titles: string): Promise<Report> {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const options = ["--project", "all", "--reporter", "json", "--outputFile", report, "--testNamePattern", titles];
  const vitest = spawn("vitest", ["run", ...options, ...tests], { cwd: copy, stdio: "ignore" });
  await once(vitest, "close");
  try {
    return JSON.parse(readFileSync(report, "utf8")) as Report;
  } catch {
    throw new Error(`vitest wrote no report for ${tests.join(", ")}`);
  }
}
