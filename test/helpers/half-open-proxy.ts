import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * What a network does to a connection that neither end has closed.
 *
 * - `pass`: nothing.
 * - `blackhole`: whatever is sent is never heard of again; connections stand, and new ones are taken.
 * - `delay`: each piece arrives so much later.
 * - `cut`: both ends are reset as soon as so many bytes of the answer have passed.
 */
export type Weather =
  | { readonly kind: "pass" | "blackhole" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "cut"; readonly afterBytes: number };

export interface HalfOpenProxy {
  readonly port: number;
  /** From now on, for the connections that stand too. */
  become(weather: Weather): void;
  /** Connections that stand. */
  readonly open: number;
  close(): Promise<void>;
}

/** A TCP proxy on loopback in front of a port, between Keyward and whatever it depends on. After an idea of pg-boss. */
export async function startHalfOpenProxy(targetPort: number): Promise<HalfOpenProxy> {
  let weather: Weather = { kind: "pass" };
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }

  function send(to: Socket, chunk: Buffer): void {
    switch (weather.kind) {
      case "blackhole":
        return;
      case "delay": {
        const timer = setTimeout(() => {
          timers.delete(timer);
          to.write(chunk);
        }, weather.ms);
        timers.add(timer);
        return;
      }
      case "pass":
      case "cut":
        to.write(chunk);
    }
  }

  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    let answered = 0;
    keep(client);
    keep(target);
    client.on("data", (chunk: Buffer) => send(target, chunk));
    target.on("data", (chunk: Buffer) => {
      const left = weather.kind === "cut" ? Math.max(0, weather.afterBytes - answered) : Infinity;
      answered += chunk.length;
      if (chunk.length < left) {
        send(client, chunk);
      } else {
        client.write(chunk.subarray(0, left), () => client.resetAndDestroy());
        target.resetAndDestroy();
      }
    });
    const isSilent = (): boolean => weather.kind === "blackhole";
    client.on("close", () => void (isSilent() || target.destroy()));
    target.on("close", () => void (isSilent() || client.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    become(next) {
      weather = next;
    },
    get open() {
      return sockets.size;
    },
    async close() {
      timers.forEach((timer) => clearTimeout(timer));
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
