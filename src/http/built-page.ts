import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { KeywardError } from "../core/errors.ts";

const compress = promisify(gzip);

export interface Asset {
  readonly type: string;
  readonly text: string;
  /** The text by gzip, made when it is first asked for. */
  compressed(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A page as `npm run build:web` has made it. */
export interface BuiltPage {
  readonly html: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

const ASSET_NAME = /^[a-z0-9-]+\.(js|css|svg)$/;

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Reads a built page once. A request is answered from this map, so no path that it names ever reaches the file system.
 *
 * @param page its folder under `directory`, and under `/assets/`
 * @param directory where `npm run build:web` has put the pages
 * @throws KeywardError `config_invalid` when it, or a file that it refers to, is not there
 */
export function readBuiltPage(page: "connect" | "dashboard", directory: string): BuiltPage {
  const html = readOrFail(page, directory, "index.html");
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(directory)) {
    const type = TYPES[ASSET_NAME.exec(name)?.[1] ?? ""];
    if (type !== undefined) {
      assets.set(name, assetOf(type, readOrFail(page, directory, name)));
    }
  }
  for (const [, name = ""] of html.matchAll(new RegExp(`"/assets/${page}/([^"]+)"`, "g"))) {
    if (!assets.has(name)) {
      throw notBuilt(page);
    }
  }
  return { html, assets };
}

function assetOf(type: string, text: string): Asset {
  let bytes: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return {
    type,
    text,
    compressed() {
      bytes ??= compress(text, { level: 9 }).then((buffer) => new Uint8Array(buffer));
      return bytes;
    },
  };
}

function readOrFail(page: string, directory: string, name: string): string {
  try {
    return readFileSync(join(directory, name), "utf8");
  } catch (error) {
    throw notBuilt(page, error);
  }
}

function notBuilt(page: string, cause?: unknown): KeywardError {
  const name = page === "connect" ? "connect page" : page;
  return new KeywardError("config_invalid", {
    message: `The ${name} has not been built, or not wholly. Run \`npm run build:web\`.`,
    cause,
  });
}
