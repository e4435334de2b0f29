import type { ServerResponse } from "node:http";
import { ERROR_TABLE, type ErrorCode } from "../../core/errors.ts";
import { errorPage } from "./error-page.ts";

/** An error of Keyward's own: the request never came to the OAuth server. */
export function refuse(response: ServerResponse, code: ErrorCode): void {
  const { status, message } = ERROR_TABLE[code];
  sendJson(response, status, JSON.stringify({ error: { code, message } }));
}

/** RFC 6749 section 5.2 has no error for it; this is the name that MCP clients know. */
export function refuseTooMany(response: ServerResponse, isPage: boolean): void {
  if (isPage) {
    sendPage(response, 429, "too_many_requests");
  } else {
    const body = { error: "too_many_requests", error_description: "Too many requests. Wait a minute." };
    sendJson(response, 429, JSON.stringify(body));
  }
}

export function sendPage(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end(errorPage(error));
}

export function sendJson(response: ServerResponse, status: number, json: string): void {
  response
    .writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(json) })
    .end(json);
}
