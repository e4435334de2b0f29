import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * What a network does to a connection that neither end has closed.
 *
 * - `pass`: nothing.
 * - `blackhole`: whatever is sent is never heard of again; connections stand, and new ones are taken.
 * - `delay`: each piece arrives so much later.
 * - `cut`: both ends are reset as soon as so many bytes of the answer have passed.
 * - `lose_answer`: the connection on which that text comes by is cut when the target answers to it: the target has done
 *   it, and nobody is told. Once; then `pass`.
 * - `deaf`: on a connection on which that text comes by, nothing is heard any more after the answer to it.
 */
export type Weather =
  | { readonly kind: "pass" | "blackhole" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "cut"; readonly afterBytes: number }
  | { readonly kind: "lose_answer"; readonly to: string }
  | { readonly kind: "deaf"; readonly after: string };

export interface HalfOpenProxy {
  /** The URL of the target, through the proxy. */
  readonly url: string;
  /** From now on, for the connections that stand too. */
  become(weather: Weather): void;
  /** Cuts every connection; new ones get through. */
  heal(): void;
  close(): Promise<void>;
}

/**
 * A TCP proxy on loopback in front of whatever Keyward depends on: a server or a database. After an idea of pg-boss.
 * @param targetUrl with its port
 */
export async function startHalfOpenProxy(targetUrl: string): Promise<HalfOpenProxy> {
  const { hostname, port } = new URL(targetUrl);
  let weather: Weather = { kind: "pass" };
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  }

  function send(to: Socket, chunk: Buffer): void {
    if (weather.kind === "delay") {
      const timer = setTimeout(() => {
        timers.delete(timer);
        to.write(chunk);
      }, weather.ms);
      timers.add(timer);
    } else if (weather.kind !== "blackhole") {
      to.write(chunk);
    }
  }

  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    let answered = 0;
    let isAnswerLost = false;
    let isDeafAfterThis = false;
    let isDeaf = false;
    keep(client);
    keep(target);
    client.on("data", (chunk: Buffer) => {
      if (weather.kind === "lose_answer" && chunk.includes(weather.to)) {
        weather = { kind: "pass" };
        isAnswerLost = true;
      }
      isDeafAfterThis ||= weather.kind === "deaf" && chunk.includes(weather.after);
      send(target, chunk);
    });
    target.on("data", (chunk: Buffer) => {
      const left = weather.kind === "cut" ? Math.max(0, weather.afterBytes - answered) : Infinity;
      answered += chunk.length;
      if (isAnswerLost) {
        client.destroy();
      } else if (isDeaf) {
        return;
      } else if (chunk.length < left) {
        send(client, chunk);
      } else {
        client.write(chunk.subarray(0, left), () => client.resetAndDestroy());
        target.resetAndDestroy();
      }
      isDeaf = isDeafAfterThis;
    });
    const isSilent = (): boolean => weather.kind === "blackhole";
    client.on("close", () => void (isSilent() || target.destroy()));
    target.on("close", () => void (isSilent() || client.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(targetUrl);
  url.port = String((server.address() as AddressInfo).port);
  const cutAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: url.href,
    become(next) {
      weather = next;
    },
    heal() {
      weather = { kind: "pass" };
      cutAll();
    },
    async close() {
      timers.forEach((timer) => clearTimeout(timer));
      cutAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
