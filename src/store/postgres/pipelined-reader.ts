import type { CompiledQuery } from "kysely";
import type { Clock, Random } from "../../core/ports.ts";
import type { PgClient } from "./pg-client.ts";
import { fromConnecting, isConnectionLost, NoConnection } from "./postgres-error.ts";
import type { Statements } from "./statements.ts";

/** After a failure to connect, nobody tries again for that long, plus up to as much again: replicas come back apart. */
const HOLD_OFF_MS = 100;

/**
 * The connection of the point reads that are on the way of every call. They are sent without waiting for each other, which
 * is worth more than twice what a pool does; nothing that takes long may run here, because answers come in order.
 */
export class PipelinedReader {
  readonly #connect: () => PgClient;
  readonly #statements: Statements;
  readonly #clock: Clock;
  readonly #random: Random;
  #client: PgClient | undefined;
  #opening: Promise<PgClient> | undefined;
  #isHeldOff = false;
  #isClosed = false;

  /** @param connect makes a client with `pipeline` set, not connected yet */
  constructor(
    connect: () => PgClient,
    statements: Statements,
    ports: { readonly clock: Clock; readonly random: Random },
  ) {
    this.#connect = connect;
    this.#statements = statements;
    this.#clock = ports.clock;
    this.#random = ports.random;
  }

  /** @returns the first row */
  async first<R>(query: CompiledQuery<R>): Promise<R | undefined> {
    const client = await this.#open();
    try {
      return (await this.#statements.run<R>(client, query)).rows[0];
    } catch (error) {
      if (isConnectionLost(error)) {
        this.#drop(client);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#opening?.catch(() => undefined);
    await client?.end();
  }

  #open(): Promise<PgClient> {
    if (this.#opening !== undefined) {
      return this.#opening;
    }
    if (this.#isHeldOff || this.#isClosed) {
      return Promise.reject(new NoConnection("the database could not be reached a moment ago"));
    }
    const client = this.#connect();
    this.#client = client;
    // Without a listener the end of a connection would be the end of the process.
    client.on("error", () => this.#forget(client));
    client.on("end", () => this.#forget(client));
    this.#opening = this.#start(client);
    return this.#opening;
  }

  async #start(client: PgClient): Promise<PgClient> {
    try {
      await client.connect();
      return client;
    } catch (error) {
      this.#forget(client);
      this.#holdOff();
      throw fromConnecting(error);
    }
  }

  /** What is still under way on it fails or ends by itself. */
  #drop(client: PgClient): void {
    this.#forget(client);
    client.end().catch(() => undefined);
  }

  #forget(client: PgClient): void {
    if (this.#client === client) {
      this.#client = undefined;
      this.#opening = undefined;
    }
  }

  #holdOff(): void {
    this.#isHeldOff = true;
    const [share = 0] = this.#random.bytes(1);
    const end = (): void => {
      this.#isHeldOff = false;
    };
    this.#clock.schedule(HOLD_OFF_MS * (1 + share / 255), end, { isBackground: true });
  }
}
