import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a database server that loses whatever is said on a connection after it has asked to listen. */
export interface DeafProxy {
  /** The URL of the database, through the proxy. */
  readonly url: string;
  /** Resolves when somebody listens, and will never hear. */
  readonly isListening: Promise<void>;
  close(): Promise<void>;
}

export async function startDeafProxy(databaseUrl: string): Promise<DeafProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const listening = Promise.withResolvers<void>();

  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let hasAsked = false;
    let isDeaf = false;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on("data", (bytes) => {
      hasAsked ||= bytes.includes("listen keyward");
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (!isDeaf) {
        near.write(bytes);
      }
      if (hasAsked) {
        // The answer to it has come through.
        isDeaf = true;
        listening.resolve();
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);

  return {
    url: url.href,
    isListening: listening.promise,
    async close() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}
