import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { AUDIT_ACTIONS, AUDIT_EFFECTS } from "../../src/core/audit.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/audit.md", import.meta.url)), "utf8");

it("docs/audit.md has every action of the audit log, in their order, and none besides", () => {
  const [, table = ""] = page.split("\n## Actions\n");
  const documented = [...table.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, action]) => action);
  expect(documented).toEqual([...AUDIT_ACTIONS]);
});

it("docs/audit.md says what each effect on one of many credentials comes of", () => {
  for (const effect of AUDIT_EFFECTS) {
    expect(page).toMatch(new RegExp(`effect[^|]*\`${effect}\``));
  }
});
