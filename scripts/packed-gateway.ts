import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 15_000;
const POLL_MS = 100;

/** A gateway that runs from an installed package, on a free loopback port and a database of its own. */
export class PackedGateway {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(url: string, child: ChildProcess, logFile: string) {
    this.url = url;
    this.#child = child;
    this.#logFile = logFile;
  }

  /** Starts `npx keyward serve` in a folder where the package is installed. */
  static async start(folder: string, env: NodeJS.ProcessEnv): Promise<PackedGateway> {
    const port = await freePort();
    const logFile = join(folder, "gateway.log");
    const log = openSync(logFile, "w");
    const child = spawn("npx", ["--no", "--", "keyward", "serve"], {
      cwd: folder,
      env: { ...env, KEYWARD_PORT: String(port), KEYWARD_DATABASE_URL: `sqlite:${join(folder, "keyward.db")}` },
      stdio: ["ignore", log, log],
      // A process group of its own: npx, its shell and the gateway can be ended together, and nothing else with them.
      detached: true,
    });
    closeSync(log);
    return new PackedGateway(`http://127.0.0.1:${port}`, child, logFile);
  }

  async untilReady(): Promise<void> {
    const isReady = await poll(READY_WITHIN_MS, async () => this.#hasEnded() || (await this.#answersReady()));
    if (!isReady || this.#hasEnded()) throw new Error(`The gateway did not get ready. It said:\n${this.#said()}`);
  }

  /** Asks the gateway to stop, the way a supervisor would, and waits until all of it is gone. */
  async stop(): Promise<void> {
    this.#signalGroup("SIGTERM");
    if (await poll(STOPPED_WITHIN_MS, () => Promise.resolve(!this.#signalGroup(0)))) return;
    throw new Error(`The gateway did not stop on SIGTERM. It said:\n${this.#said()}`);
  }

  /** Leaves nothing behind, whatever happened. */
  end(): void {
    this.#signalGroup("SIGKILL");
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #answersReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }

  /** False when no process of the group is left. Signal 0 only asks. */
  #signalGroup(signal: NodeJS.Signals | 0): boolean {
    if (this.#child.pid === undefined) return false;
    try {
      return process.kill(-this.#child.pid, signal);
    } catch {
      return false;
    }
  }

  #said(): string {
    return readFileSync(this.#logFile, "utf8").slice(-4_000);
  }
}

async function poll(withinMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await delay(POLL_MS)) {
    if (await isDone()) return true;
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("The system named no free port."));
      });
    });
  });
}
