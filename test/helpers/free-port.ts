import { randomInt } from "node:crypto";
import { createServer, type AddressInfo } from "node:net";

/** A port of loopback that nothing listens on right now, for programs that cannot choose one themselves. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** Below what systems give to outgoing connections: nobody gets it by chance while its program is restarted. */
const KEPT = { from: 20_000, to: 32_000 };

/** A free port that a program may leave and come back to. */
export async function keptPort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(randomInt(KEPT.from, KEPT.to)).catch(() => null);
    if (port !== null) {
      return port;
    }
  }
}

function listenOnce(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(wanted, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
