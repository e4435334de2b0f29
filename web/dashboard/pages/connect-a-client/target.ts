/** What a snippet is made for. */
export interface Target {
  /** The client's own name for the entry. */
  readonly name: string;
  /** `https://keys.example.com/mcp`, or that of one server. */
  readonly url: string;
  /** How the client proves who it is: through the browser, or by a virtual key that it sends. */
  readonly proof: "browser" | "key";
}

/** Stands in every snippet where the key goes. */
export const KEY_PLACEHOLDER = "kw_YOUR_KEY";

export const BEARER = `Bearer ${KEY_PLACEHOLDER}`;

export function endpointOf(publicUrl: string, server: string | null): string {
  return server === null ? `${publicUrl}/mcp` : `${publicUrl}/mcp/${server}`;
}

/** Whether only this machine or this network reaches it: the cloud of a client's vendor does not. */
export function isLocal(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" || LOOPBACK.test(hostname);
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
