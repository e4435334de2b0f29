import type { ApiAnswer, TestGateway } from "./test-gateway.ts";

/** A link as a tool result carries it. */
export interface Link {
  readonly url: string;
  readonly flowId: string;
  /** The token in the fragment, where links carry one. */
  readonly token: string | null;
}

export function linkIn(text: string): Link {
  const url = /https?:\/\/[^\s]+\/connect\/[^\s]+/.exec(text)?.[0];
  if (url === undefined) {
    throw new Error("there is no link in the answer");
  }
  const { pathname, hash } = new URL(url);
  return { url, flowId: pathname.split("/").at(-1) ?? "", token: hash.startsWith("#t=") ? hash.slice(3) : null };
}

/** What the connect page does, without a browser: a PUT with the proof of whose link it is. */
export function submit(
  gateway: TestGateway,
  flowId: string,
  proof: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, unknown>>,
): Promise<ApiAnswer> {
  return gateway.call("PUT", `/api/v1/flows/${flowId}`, proof, { headers });
}

export function keyProof(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

export function tokenProof(token: string): Record<string, string> {
  return { authorization: `Keyward-Temp-Token ${token}` };
}
