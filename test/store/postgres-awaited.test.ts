import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Logger } from "../../src/core/ports.ts";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore, type PostgresStore } from "../../src/postgres.ts";
import { systemClock } from "../../src/server/system.ts";
import { codeOf } from "../contract/fixtures.ts";
import { type HalfOpenProxy, startHalfOpenProxy } from "../helpers/half-open-proxy.ts";
import { canStartPostgres } from "../helpers/postgres/database.ts";
import { type PostgresServer, startPostgres } from "../helpers/postgres/server.ts";
import { random } from "./sqlite-harness.ts";

/* Starts of a gateway while its PostgreSQL starts, too, or goes away again. */

describe.skipIf(!canStartPostgres)("a start beside a PostgreSQL", () => {
  let database: PostgresServer;
  let proxy: HalfOpenProxy;
  let awaited: PromiseWithResolvers<void>;

  beforeAll(async () => {
    database = await startPostgres();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    proxy = await startHalfOpenProxy(database.url);
    awaited = Promise.withResolvers();
    onTestFinished(() => proxy.close());
  });

  async function open(url: string): Promise<PostgresStore> {
    const warn = (event: string): void => void (event === "database_awaited" && awaited.resolve());
    const logger: Logger = { debug: () => {}, info: () => {}, warn, error: () => {} };
    const store = await openPostgresStore({ url: new Secret(url), clock: systemClock, random, logger });
    onTestFinished(() => store.close());
    return store;
  }

  it("A62: waits for one whose port nobody listens on yet", async () => {
    await database.stop("fast");
    const opening = open(database.url);
    await awaited.promise;
    await database.start();
    expect(await codeOf((await opening).ping())).toBe("resolved");
  });

  it("A62: waits for one behind something that takes connections for it and ends them again", async () => {
    await database.stop("immediate");
    const opening = open(proxy.url);
    await Promise.race([awaited.promise, opening]);
    await database.start();
    expect(await codeOf((await opening).ping())).toBe("resolved");
  });

  it("A62: waits for one behind a network that swallows everything", async () => {
    proxy.become({ kind: "blackhole" });
    const opening = open(proxy.url);
    await Promise.race([awaited.promise, opening]);
    proxy.heal();
    expect(await codeOf((await opening).ping())).toBe("resolved");
  });

  it("A62: says that it may be tried again when one goes away as soon as it has been connected to", async () => {
    proxy.become({ kind: "lose_answer", to: "server_version_num" });
    expect(await codeOf(open(proxy.url))).toBe("credential_store_unavailable");
  });
});
