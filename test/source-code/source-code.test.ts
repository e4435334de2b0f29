import { describe, expect, it } from "vitest";
import { importsOf } from "./imports.ts";
import { sourceFile } from "./source-file.ts";
import { testTitlesOf } from "./test-titles.ts";

const codeOf = (text: string): string => sourceFile("a.ts", text).code;

describe("what counts as code", () => {
  it("leaves out comments and the content of strings", () => {
    expect(codeOf(`a(); // fetch()\nb("fetch()"); /* fetch() */ c('it\\'s');`)).toBe(
      `a();           \nb("       ");               c('     ');`,
    );
  });

  it("leaves out a template's text and keeps what it computes", () => {
    expect(codeOf("f(`a {${ { b: `c${d}` } }} e`);")).toBe("f(`   ${ { b: ` ${d}` } }   `);");
  });

  it("tells a regular expression from a division", () => {
    expect(codeOf(`x.match(/"\\/[/]'/g); y = a / b; z = c / d; return /'/;`)).toBe(
      `x.match(          ); y = a / b; z = c / d; return    ;`,
    );
  });
});

describe("imports", () => {
  const targets = (text: string) =>
    importsOf(sourceFile("src/core/a.ts", text)).map(({ target, isTypeOnly }) => [target, isTypeOnly]);

  it("are found in every form", () => {
    const text = [
      `import { a, type B } from "./b.ts";`,
      `import type {\n  C,\n} from "../store/c.ts";`,
      `import type from "./type.ts";`,
      `import * as d from 'node:fs';`,
      `import "./effect.ts";`,
      `export { e } from "./e.ts";`,
      `export type { F } from "./f.ts";`,
      `export * from "./g.ts";`,
      `const h = await import("./h.ts");`,
      `let i: import("./i.ts").I;`,
    ].join("\n");
    expect(targets(text)).toEqual([
      ["src/core/b.ts", false],
      ["src/store/c.ts", true],
      ["src/core/type.ts", false],
      ["node:fs", false],
      ["src/core/effect.ts", false],
      ["src/core/e.ts", false],
      ["src/core/f.ts", true],
      ["src/core/g.ts", false],
      ["src/core/h.ts", false],
      ["src/core/i.ts", false],
    ]);
  });

  it("are not seen where only text or an export looks like one", () => {
    expect(targets(`// import "./a.ts"\nconst s = 'import "./b.ts"';\nexport const from = "./c.ts";`)).toEqual([]);
  });
});

describe("test titles", () => {
  it("are found with and without modifiers", () => {
    const text = [
      `it("one", f);`,
      `test.fails('two', f);`,
      `describe.skipIf(!hasBrowser())(\n  "three", f);`,
      "it.each([[1, ')'], [2, f(3)]])(`four ${x}`, f);",
      `/a/.test("no"); it(name, f); submit("no");`,
    ].join("\n");
    expect(testTitlesOf(sourceFile("a.test.ts", text))).toEqual([
      { title: "one", place: "a.test.ts:1" },
      { title: "two", place: "a.test.ts:2" },
      { title: "three", place: "a.test.ts:3" },
      { title: "four ", place: "a.test.ts:5" },
    ]);
  });
});
