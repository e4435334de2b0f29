import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const source = new URL("./connect/", import.meta.url);
const target = new URL("../dist/web/connect/", import.meta.url);

/**
 * Two scripts, one style sheet, under names that stay: nothing of this page is kept by a browser. The scripts are not
 * minified, because whoever is to type a secret into a page may want to read it.
 */
export async function buildConnect(): Promise<void> {
  await build({
    configFile: false,
    root: fileURLToPath(source),
    publicDir: false,
    logLevel: "warn",
    build: {
      outDir: fileURLToPath(target),
      emptyOutDir: true,
      target: ["chrome123", "firefox120", "safari17.5"],
      modulePreload: false,
      minify: false,
      rolldownOptions: {
        input: {
          link: fileURLToPath(new URL("link.ts", source)),
          connect: fileURLToPath(new URL("connect.ts", source)),
        },
        // The page loads `link.js` on its own, before the rest, which takes the token from it.
        preserveEntrySignatures: "strict",
        output: { entryFileNames: "[name].js", comments: false },
      },
    },
  });
  const styles = ["../tokens.css", "connect.css"].map((name) => readFileSync(new URL(name, source), "utf8"));
  writeFileSync(new URL("connect.css", target), styles.join("\n"));
  copyFileSync(new URL("index.html", source), new URL("index.html", target));
}
