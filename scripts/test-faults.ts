import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

/**
 * `npm run test:faults -- --seeds N [--first F] [--seconds S]`: the fault tests with the seeds F to F + N - 1, from 1 if F
 * is not given. The two replicas are troubled for S seconds with each seed; if S is not given, for 20 s with the first one.
 * Without arguments it runs what `npm test` runs of them. Other arguments are names of test files, as Vitest takes them.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "3" },
    first: { type: "string", default: "1" },
    seconds: { type: "string" },
  },
});

function wholeNumber(name: "seeds" | "first" | "seconds"): string {
  const text = values[name] ?? "";
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    process.stderr.write(`--${name} is a whole number from 1 on.\n`);
    process.exit(2);
  }
  return text;
}

const env = {
  ...process.env,
  KEYWARD_FAULT_SEEDS: wholeNumber("seeds"),
  KEYWARD_FAULT_FIRST_SEED: wholeNumber("first"),
  ...(values.seconds === undefined ? {} : { KEYWARD_FAULT_SECONDS: wholeNumber("seconds") }),
};
const files = positionals.length === 0 ? ["test/faults"] : positionals;
const vitest = spawn("vitest", ["run", ...files], { stdio: "inherit", env });
vitest.on("error", () => {
  process.stderr.write("vitest cannot be started. Run it through npm, which knows where it is.\n");
  process.exit(1);
});
vitest.on("close", (code) => process.exit(code ?? 1));
