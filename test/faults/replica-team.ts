import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import { type KeywardProcess, startKeyward } from "../helpers/keyward-process.ts";
import { keyProof } from "../helpers/person.ts";
import { ADMIN_TOKEN, parse } from "../helpers/test-gateway.ts";
import type { Answer, Judge } from "./replica-judge.ts";

/** Longer than any answer may take: what nobody waited for may still be done. */
const PATIENCE_MS = 60_000;

type Environment = Readonly<Record<string, string>>;

/** Two replicas of Keyward, each a process, taken in turn as by a load balancer; what ends is started again. */
export class Team {
  readonly judge: Judge;
  readonly #folder: string;
  /** What the next start is configured with. */
  #env: Environment;
  readonly #replicas: (KeywardProcess | null)[] = [null, null];
  /** Of each place, what is done to it: one after the other. */
  readonly #queues: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  readonly #logs: (() => string)[] = [];
  #turn = 0;
  #isOver = false;

  constructor(judge: Judge, folder: string, env: Environment) {
    this.judge = judge;
    this.#folder = folder;
    this.#env = env;
  }

  get running(): readonly KeywardProcess[] {
    return this.#replicas.filter((replica) => replica !== null);
  }

  /** All that all of them have written. */
  get log(): string {
    return this.#logs.map((log) => log()).join("");
  }

  configure(env: Environment): void {
    this.#env = { ...this.#env, ...env };
  }

  async startAll(): Promise<void> {
    await Promise.all(this.#replicas.map((_, index) => this.#inTurn(index, () => this.#start(index))));
  }

  /** Ends one as power and orchestrators do (SIGKILL), or asks it to stop as a deployment does. */
  async restart(index: number, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await this.#inTurn(index, async () => {
      const replica = this.#replicas[index];
      this.#replicas[index] = null;
      const code = await replica?.kill(signal);
      if (signal === "SIGTERM" && code !== 0) {
        this.judge.accuse(`a replica that was asked to stop ended with ${code}`);
      }
      await this.#start(index);
    });
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#queues);
    await Promise.all(this.running.map((replica) => replica.kill("SIGKILL")));
  }

  #inTurn(index: number, work: () => Promise<void>): Promise<void> {
    const done = (this.#queues[index] ?? Promise.resolve()).then(work);
    this.#queues[index] = done.catch(() => undefined);
    return done;
  }

  /** Again when the start ends because the database went away in the middle of it, as an orchestrator does. */
  async #start(index: number): Promise<void> {
    while (!this.#isOver) {
      try {
        const started = await startKeyward({ cwd: this.#folder, env: this.#env });
        this.#logs.push(started.output);
        this.#replicas[index] = started;
        return;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        this.judge.outcomeOfError(`start: ${text.slice(-500)}`, /\((\w+)\)/.exec(text)?.[1]);
        await pause(500);
      }
    }
  }

  /** The address whose turn it is; null when nobody is there, after a moment. */
  async next(): Promise<string | null> {
    this.#turn += 1;
    const replica = this.#replicas[this.#turn % 2] ?? this.#replicas[(this.#turn + 1) % 2];
    if (!replica) {
      await pause(100);
    }
    return replica?.url ?? null;
  }

  async send(method: string, path: string, key: string, body?: unknown): Promise<Answer> {
    const url = await this.next();
    if (url === null) {
      return null;
    }
    try {
      const response = await fetch(url + path, {
        method,
        headers: { ...keyProof(key), ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return { status: response.status, body: parse(await response.text()) };
    } catch {
      return null;
    }
  }

  /** As the administrator, again and again until it is done. @returns the answer */
  async insist(method: string, path: string, expected: number, body?: unknown): Promise<JsonObject> {
    for (;;) {
      const answer = await this.send(method, path, ADMIN_TOKEN, body);
      if (this.judge.outcomeOf(`${method} ${path}`, answer, expected) === "done") {
        return answer?.body ?? {};
      }
      if (this.judge.violations.length > 0) {
        throw new Error(this.judge.violations.join("\n"));
      }
      await pause(50);
    }
  }
}
