import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy before a database server, which can misbehave as networks do. */
export interface TcpProxy {
  /** The URL of the database, through the proxy. */
  readonly url: string;
  /** From now on nothing gets through, and nobody is told: connections stay open, new ones are accepted. */
  blackhole(): void;
  /** Cuts every connection; new ones get through again. */
  heal(): void;
  /** Cuts the connection on which that text comes by, after the server has got it and before it has answered. */
  cutAfter(text: string): void;
  close(): Promise<void>;
}

export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isBlackhole = false;
  let cutText: string | null = null;

  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let isMute = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    const cut = (): void => {
      sockets.delete(near);
      sockets.delete(far);
      near.destroy();
      far.destroy();
    };
    near.on("close", cut);
    far.on("close", cut);
    near.on("data", (bytes) => {
      if (isBlackhole) {
        return;
      }
      far.write(bytes);
      if (cutText !== null && bytes.includes(cutText)) {
        cutText = null;
        isMute = true;
        // The server's answer says that it has done it.
        far.once("data", cut);
      }
    });
    far.on("data", (bytes) => {
      if (!isBlackhole && !isMute) {
        near.write(bytes);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  const cutAll = (): void => sockets.forEach((socket) => socket.destroy());

  return {
    url: url.href,
    blackhole() {
      isBlackhole = true;
    },
    heal() {
      isBlackhole = false;
      cutAll();
    },
    cutAfter(text) {
      cutText = text;
    },
    async close() {
      cutAll();
      server.close();
      await once(server, "close");
    },
  };
}
