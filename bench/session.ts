import { COMMON_HEADERS, type Era } from "./calls.ts";
import type { LoadClient } from "./load.ts";

/**
 * What a client does before its first call: `initialize` and its notification, where its era has them.
 *
 * @returns the headers for the calls that follow: with the session, if one was given
 */
export async function openSession(
  client: LoadClient,
  url: string,
  era: Era,
  headers: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  if (era === "modern") {
    return headers;
  }
  const { pathname, search } = new URL(url);
  const all = { ...COMMON_HEADERS, ...headers };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "bench", version: "1" } };
  const hello = await client.post(pathname + search, {
    headers: all,
    body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }),
  });
  if (hello.status !== 200) {
    throw new Error(`initialize was answered with ${hello.status}: ${hello.body.slice(0, 300)}`);
  }
  const sessionId = hello.headers["mcp-session-id"];
  const withSession = typeof sessionId === "string" ? { ...headers, "mcp-session-id": sessionId } : headers;
  const told = await client.post(pathname + search, {
    headers: { ...all, ...withSession, "mcp-protocol-version": "2025-11-25" },
    body: JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }),
  });
  if (told.status !== 202) {
    throw new Error(`notifications/initialized was answered with ${told.status}`);
  }
  return withSession;
}
