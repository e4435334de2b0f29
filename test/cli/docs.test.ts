import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { CONFIG_FLAGS } from "../../src/server/config/config-flags.ts";
import { environmentVariable, OPTION_NAMES, OPTIONS } from "../../src/server/config/options.ts";
import { cliPage, configurationPage } from "./pages.ts";
import { runCommand } from "./run-command.ts";

const docs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

it("docs/configuration.md says what the options are", async () => {
  await expect(configurationPage()).toMatchFileSnapshot(docs("configuration.md"));
});

it("docs/cli.md says what the commands are", async () => {
  await expect(cliPage()).toMatchFileSnapshot(docs("cli.md"));
});

it("every option is documented with its limits and default, and the page names no other variable", () => {
  const page = readFileSync(docs("configuration.md"), "utf8");
  for (const name of OPTION_NAMES) {
    const section = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
    expect(section, name).toContain(`\`${environmentVariable(name)}\``);
    expect(section, name).toMatch(/- Limits: \S/);
    expect(section, name).toMatch(/- Default: \S/);
  }
  const known = new Set([...OPTION_NAMES.map(environmentVariable), "KEYWARD_CONFIG", "KEYWARD_URL"]);
  expect((page.match(/KEYWARD_[A-Z_]+/g) ?? []).filter((variable) => !known.has(variable))).toEqual([]);
});

it("the help of serve has every option that is no secret", async () => {
  const { stdout } = await runCommand(["serve", "--help"]);
  for (const name of OPTION_NAMES.filter((name) => !OPTIONS[name].isSecret)) {
    expect(stdout).toContain(`--${name.replaceAll("_", "-")} <`);
  }
  expect(CONFIG_FLAGS).toHaveLength(OPTION_NAMES.filter((name) => !OPTIONS[name].isSecret).length);
});
