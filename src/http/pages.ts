import type { Hono } from "hono";
import { KeywardError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import { type Asset, type BuiltPage, readBuiltPage } from "./built-page.ts";
import type { HttpContext, HttpEnv } from "./context.ts";
import { DASHBOARD_PATHS } from "./dashboard-paths.ts";
import { dashboardPolicy } from "./page-headers.ts";

const NONCE_BYTES = 16;
/** Where the built html wants the nonce of the response, and the address of this gateway. */
const NONCE = "%CSP_NONCE%";
const PUBLIC_URL = "%PUBLIC_URL%";

/** The names of the dashboard's files carry the hash of their content. */
const FOR_EVER = "public, max-age=31536000, immutable";

interface PageParts {
  readonly connectPage: { readonly directory: string };
  readonly dashboard: { readonly directory: string };
  readonly random: Random;
  readonly publicUrl: string;
}

export function mountPages(app: Hono<HttpEnv>, parts: PageParts): void {
  const connect = readBuiltPage("connect", parts.connectPage.directory);
  const dashboard = readBuiltPage("dashboard", parts.dashboard.directory);
  const html = dashboard.html.replace(PUBLIC_URL, () => escapeAttribute(parts.publicUrl));

  // The same bytes for any id, and nothing looked up: a link preview learns nothing and changes nothing (A08).
  app.get("/connect/:id", (c) => c.html(connect.html));

  // The same for everybody, signed in or not: who somebody is, the page asks the API.
  for (const path of DASHBOARD_PATHS) {
    app.get(path, (c) => {
      const nonce = Buffer.from(parts.random.bytes(NONCE_BYTES)).toString("base64");
      c.header("Content-Security-Policy", dashboardPolicy(nonce));
      return c.html(html.replace(NONCE, nonce));
    });
  }

  app.get("/assets/connect/:file", (c) => {
    const { text, type } = assetOf(connect, c);
    return c.body(text, 200, { "Content-Type": type });
  });

  app.get("/assets/dashboard/:file", async (c) => {
    const asset = assetOf(dashboard, c);
    const headers = { "Content-Type": asset.type, "Cache-Control": FOR_EVER, Vary: "Accept-Encoding" };
    return /\bgzip\b/.test(c.req.header("accept-encoding") ?? "")
      ? c.body(await asset.compressed(), 200, { ...headers, "Content-Encoding": "gzip" })
      : c.body(asset.text, 200, headers);
  });
}

function assetOf(page: BuiltPage, c: HttpContext): Asset {
  const asset = page.assets.get(c.req.param("file") ?? "");
  if (asset === undefined) {
    throw new KeywardError("not_found");
  }
  return asset;
}

/** The URL parser leaves none of these in an origin; this does not rely on it. */
function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
