type HeaderTable = Readonly<Record<string, string>>;

/**
 * What a page may do: run its own scripts and call its own gateway, nothing else (`security.md` 7.7). Neither page needs
 * a form that the browser sends, a script made of text, or markup made of text.
 */
const pagePolicy = (styles: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");

const PAGE_POLICY = pagePolicy("'self'");

/** @param nonce of this response: an open dialog stops the page from scrolling by a style element that carries it */
export function dashboardPolicy(nonce: string): string {
  return pagePolicy(`'self' 'nonce-${nonce}'`);
}

const COMMON: HeaderTable = {
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), clipboard-read=()",
  "X-Robots-Tag": "noindex",
};

const OVER_HTTPS: HeaderTable = { "Strict-Transport-Security": "max-age=31536000; includeSubDomains" };

export interface ResponseHeaders {
  /** The connect page, and every asset. */
  readonly page: HeaderTable;
  /** For what is not a page: nothing in it may run or be shown. */
  readonly api: HeaderTable;
}

/** @param publicUrl decides whether browsers are told to come by https only */
export function responseHeaders(publicUrl: string): ResponseHeaders {
  const common = new URL(publicUrl).protocol === "https:" ? { ...COMMON, ...OVER_HTTPS } : COMMON;
  return {
    page: { "Content-Security-Policy": PAGE_POLICY, ...common },
    api: { "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", ...common },
  };
}
