type HeaderTable = Readonly<Record<string, string>>;

/** What a page that takes secrets may do: run its own scripts and call its own gateway, nothing else (`security.md` 7.7). */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

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
