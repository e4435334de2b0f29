import { sql } from "kysely";
import type { Binding } from "../../core/credential.ts";
import type { Clock, Logger, Random } from "../../core/ports.ts";
import { toBinding } from "../columns.ts";
import type { Db } from "../engine.ts";
import type { BindingColumns } from "../tables.ts";
import type { PgClient } from "./pg-client.ts";

const CHANNEL = "keyward_stored";
/** A connection that is lost is made anew after that, plus up to as much again: replicas come back apart. */
const RECONNECT_AFTER_MS = 500;
/** A connection that nobody answers on any more is found out by asking. */
const ASK_EVERY_MS = 5_000;

export type StoredListener = (binding: Binding) => void;

/**
 * That values have been stored through another handle on the same database, by LISTEN and NOTIFY. A hint: what is told
 * while the connection is lost is not heard, and is found by `StoredWatch` if somebody waits for it.
 */
export class Announcements {
  readonly #connect: () => PgClient;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger | undefined;
  readonly #listeners = new Set<StoredListener>();
  /** Marks what this handle tells, so that it does not hear itself. */
  readonly #handle: string;
  #client: PgClient | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  /** @param connect makes a client of its own, not connected yet */
  constructor(
    connect: () => PgClient,
    { clock, random, logger }: { readonly clock: Clock; readonly random: Random; readonly logger: Logger | undefined },
  ) {
    this.#connect = connect;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
    this.#handle = Buffer.from(random.bytes(12)).toString("base64url");
  }

  /** Within a transaction: it is told when that is committed, and not otherwise. */
  async tell(db: Db, { server_id, auth_mode, identity_id }: BindingColumns): Promise<void> {
    const payload = JSON.stringify({ handle: this.#handle, server_id, auth_mode, identity_id });
    await sql`select pg_notify(${CHANNEL}, ${payload})`.execute(db);
  }

  /** Connects when the first one listens. @returns ends the subscription */
  subscribe(listener: StoredListener): () => void {
    this.#listeners.add(listener);
    if (this.#client === undefined) {
      this.#start();
    }
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#client?.end();
  }

  #start(): void {
    const client = this.#connect();
    this.#client = client;
    client.on("error", () => this.#lose(client));
    client.on("end", () => this.#lose(client));
    client.on("notification", ({ payload }) => this.#hear(payload ?? ""));
    this.#listen(client).catch(() => this.#lose(client));
  }

  async #listen(client: PgClient): Promise<void> {
    await client.connect();
    await client.query({ text: `listen ${CHANNEL}` });
    this.#askLater(client);
  }

  #askLater(client: PgClient): void {
    const ask = (): void => {
      client.query({ text: "select 1" }).then(
        () => this.#askLater(client),
        () => this.#lose(client),
      );
    };
    if (this.#client === client && !this.#isClosed) {
      this.#cancelTimer = this.#clock.schedule(ASK_EVERY_MS, ask, { isBackground: true });
    }
  }

  #lose(client: PgClient): void {
    if (this.#client !== client || this.#isClosed) {
      return;
    }
    this.#client = undefined;
    this.#cancelTimer?.();
    client.end().catch(() => undefined);
    const [share = 0] = this.#random.bytes(1);
    const again = (): void => {
      if (!this.#isClosed && this.#client === undefined) {
        this.#start();
      }
    };
    this.#cancelTimer = this.#clock.schedule(RECONNECT_AFTER_MS * (1 + share / 255), again, { isBackground: true });
  }

  #hear(payload: string): void {
    const told = parse(payload);
    if (told === null || told.handle === this.#handle) {
      return;
    }
    this.#logger?.debug("stored_elsewhere", { server_id: told.server_id });
    this.#listeners.forEach((listener) => listener(toBinding(told)));
  }
}

/** Whoever may connect to the database may notify: what is not Keyward's is nothing. */
function parse(payload: string): (BindingColumns & { readonly handle: unknown }) | null {
  try {
    const { handle, server_id, auth_mode, identity_id } = JSON.parse(payload) as Record<string, unknown>;
    if (typeof server_id === "string" && typeof auth_mode === "string" && typeof identity_id === "string") {
      return { handle, server_id, auth_mode, identity_id };
    }
  } catch {
    // Not JSON: not ours.
  }
  return null;
}
