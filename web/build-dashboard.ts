import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { build, type Plugin, transformWithOxc } from "vite";

/** Where the gateway serves what is built. */
const BASE = "/assets/dashboard/";

const FIRST_PAINT = new URL("./dashboard/app/first-paint.ts", import.meta.url);

/** Every file but index.html carries the hash of its content in its name, so that browsers may keep it for ever. */
export async function buildDashboard(): Promise<void> {
  await build({
    configFile: false,
    root: fileURLToPath(new URL("./dashboard/", import.meta.url)),
    base: BASE,
    logLevel: "warn",
    plugins: [react(), tailwindcss(), firstPaint()],
    build: {
      outDir: fileURLToPath(new URL("../dist/web/dashboard/", import.meta.url)),
      emptyOutDir: true,
      assetsDir: "",
      // The oldest browsers with light-dark().
      target: ["chrome123", "firefox120", "safari17.5"],
      modulePreload: { polyfill: false },
      // Inlined, an image would need `data:` and a style `unsafe-inline`.
      assetsInlineLimit: 0,
      rolldownOptions: {
        output: {
          entryFileNames: "[name]-[hash].js",
          chunkFileNames: "[name]-[hash].js",
          assetFileNames: "[name]-[hash][extname]",
          hashCharacters: "base36",
        },
      },
    },
  });
}

/**
 * Vite bundles modules only, and a module runs after the first paint. So this one script is emitted as it is, its types
 * stripped, and named in the html.
 */
function firstPaint(): Plugin {
  let name = "";
  return {
    name: "keyward-first-paint",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "pre",
      async handler() {
        const { code } = await transformWithOxc(readFileSync(FIRST_PAINT, "utf8"), "first-paint.ts");
        name = this.getFileName(this.emitFile({ type: "asset", name: "first-paint.js", source: code }));
      },
    },
    transformIndexHtml: {
      order: "post",
      handler: () => [{ tag: "script", attrs: { src: BASE + name }, injectTo: "head-prepend" }],
    },
  };
}
