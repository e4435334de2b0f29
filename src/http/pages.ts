import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { KeywardError } from "../core/errors.ts";
import type { HttpEnv } from "./context.ts";
import { homePage } from "./pages/home.ts";

interface Asset {
  readonly type: string;
  readonly text: string;
}

/** The connect page as it was built. */
export interface ConnectPage {
  readonly html: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

const ASSET_NAME = /^[a-z0-9-]+\.(js|css|svg)$/;
const ASSET_REFERENCE = /"\/assets\/connect\/([^"]+)"/g;

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Reads the built page once. A request is answered from this map, so no path that it names ever reaches the file system.
 *
 * @param directory where `npm run build:web` has put it
 * @throws KeywardError `config_invalid` when it, or a file that it refers to, is not there
 */
export function readConnectPage(directory: string): ConnectPage {
  const html = readOrFail(directory, "index.html");
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(directory)) {
    const type = TYPES[ASSET_NAME.exec(name)?.[1] ?? ""];
    if (type !== undefined) {
      assets.set(name, { type, text: readOrFail(directory, name) });
    }
  }
  for (const [, name = ""] of html.matchAll(ASSET_REFERENCE)) {
    if (!assets.has(name)) {
      throw notBuilt();
    }
  }
  return { html, assets };
}

function readOrFail(directory: string, name: string): string {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch (error) {
    throw notBuilt(error);
  }
}

function notBuilt(cause?: unknown): KeywardError {
  return new KeywardError("config_invalid", {
    message: "The connect page has not been built, or not wholly. Run `npm run build:web`.",
    cause,
  });
}

export function mountPages(
  app: Hono<HttpEnv>,
  parts: { readonly connectPage: { readonly directory: string }; readonly publicUrl: string },
): void {
  const { html, assets } = readConnectPage(parts.connectPage.directory);
  const home = homePage(parts.publicUrl);

  app.get("/", (c) => c.html(home));

  // The same bytes for any id, and nothing looked up: a link preview learns nothing and changes nothing (A08).
  app.get("/connect/:id", (c) => c.html(html));

  app.get("/assets/connect/:file", (c) => {
    const asset = assets.get(c.req.param("file"));
    if (asset === undefined) {
      throw new KeywardError("not_found");
    }
    return c.body(asset.text, 200, { "Content-Type": asset.type });
  });
}
