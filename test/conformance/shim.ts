import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Shim {
  /** The target's path on the shim's own host and port. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Adds headers to every request for a runner that has no option for them, and streams both ways.
 *
 * The target checks Host and Origin against its own address, which the runner cannot know. So exactly the shim's own
 * address, in either, becomes the target's; every other Host or Origin arrives as it was sent, which leaves the checks
 * against DNS rebinding to the target.
 */
export async function startShim(targetUrl: string, headers: Readonly<Record<string, string>>): Promise<Shim> {
  const target = new URL(targetUrl);

  const server = createServer((incoming, answer) => {
    const { method = "GET", url: path = "/" } = incoming;
    const outgoing = send(
      { host: target.hostname, port: target.port, method, path, headers: headersFor(incoming), agent: false },
      (reply) => relay(reply, answer),
    );
    outgoing.on("error", () => answer.destroy());
    answer.on("close", () => outgoing.destroy());
    incoming.pipe(outgoing);
  });

  function headersFor({ rawHeaders }: IncomingMessage): string[] {
    const sent: string[] = [];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? "";
      sent.push(name, translate(name.toLowerCase(), rawHeaders[i + 1] ?? ""));
    }
    return [...sent, ...Object.entries(headers).flat()];
  }

  function translate(name: string, value: string): string {
    if (name === "host") {
      return value === own ? target.host : value;
    }
    return name === "origin" && value === `http://${own}` ? target.origin : value;
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${own}${target.pathname}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relay(reply: IncomingMessage, answer: ServerResponse): void {
  answer.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
  // The head of an event stream is news of its own: it may be a minute before the first event.
  answer.flushHeaders();
  reply.pipe(answer);
  // A stream that breaks off must break off for the client too, and not look complete.
  reply.on("error", () => answer.destroy());
}
