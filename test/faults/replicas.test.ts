import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Secret } from "../../src/core/secret.ts";
import { openPostgresStore } from "../../src/postgres.ts";
import { systemClock, systemRandom } from "../../src/server/system.ts";
import { allOf, auditOf } from "../contract/fixtures.ts";
import { startHeaderUpstream } from "../fixtures/header-upstream.ts";
import { betrays, canaryValue } from "../helpers/canary.ts";
import { startHalfOpenProxy } from "../helpers/half-open-proxy.ts";
import { inconsistencies } from "../helpers/history.ts";
import { canStartPostgres } from "../helpers/postgres/database.ts";
import { startPostgres } from "../helpers/postgres/server.ts";
import { chanceOf, SEEDS, withSeed } from "../helpers/seeds.ts";
import { textIn } from "../helpers/test-gateway.ts";
import { Judge } from "./replica-judge.ts";
import { Operator } from "./replica-operator.ts";
import { Person, SharedServer } from "./replica-people.ts";
import { Team } from "./replica-team.ts";
import { accidents, changes, makeTrouble, type Troubled } from "./replica-troubles.ts";
import { type Arrival, misdirected, unaccounted } from "./replica-verdict.ts";

/*
 * Two replicas on one PostgreSQL, taken in turn, with people who call, edit and revoke, while replicas are killed, the
 * database restarts, the network fails, both kinds of keys are replaced, the server is edited and moves, and sweeps run.
 * Afterwards everything that was acknowledged has to be accounted for.
 */

/** `npm run test:faults -- --seconds 120 replicas` makes it two minutes for each seed; else it is short, with one. */
const GIVEN = process.env["KEYWARD_FAULT_SECONDS"];
const SECONDS = Number(GIVEN ?? 20);
const PEOPLE = 12;

interface Cast extends Troubled {
  readonly people: readonly Person[];
  readonly arrivals: readonly Arrival[];
}

async function assemble(judge: Judge): Promise<Cast> {
  const folder = mkdtempSync(join(tmpdir(), "keyward-replicas-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const good = new Set<string>();
  const arrivals: Arrival[] = [];
  const urls: string[] = [];
  for (let index = 0; index < 2; index += 1) {
    const upstream = await startHeaderUpstream({
      accepts: (value) => good.has(value),
      before: async ({ method, headerValue: value }) => {
        if (value !== null)
          arrivals.push({ method, value, origin: new URL(upstream.url).origin, at: performance.now() });
      },
    });
    onTestFinished(() => upstream.close());
    urls.push(upstream.url);
  }
  const database = await startPostgres();
  onTestFinished(() => database.close());
  const proxy = await startHalfOpenProxy(database.url);
  onTestFinished(() => proxy.close());
  const team = new Team(judge, folder, { KEYWARD_DATABASE_URL: proxy.url });
  onTestFinished(() => team.end());
  const operator = await Operator.start(team, database.url, folder);
  await team.startAll();

  const accept = (value: string): void => void good.add(value);
  const sample = canaryValue("sample");
  accept(sample);
  const registered = await team.insist("POST", "/api/v1/servers", 201, {
    name: "notes",
    url: urls[0],
    auth_type: "per_user_headers",
    header_schema: [{ name: "X-API-Key", label: "API key" }],
    sample_headers: { "X-API-Key": sample },
    allow_all_identities: true,
  });
  const server = new SharedServer(textIn(registered, "id"));
  const people: Person[] = [];
  for (let index = 0; index < PEOPLE; index += 1) {
    const made = await team.insist("POST", "/api/v1/virtual-keys", 201, { name: `person ${index}` });
    people.push(new Person({ team, server, accept }, { id: textIn(made, "id"), key: textIn(made, "key") }));
  }
  return { team, operator, database, proxy, server, urls, people, arrivals };
}

/** Until all troubles have been made, or one of those who take part meets what must not be. */
async function play(cast: Cast, seed: number): Promise<void> {
  let hasEnded = false;
  const isOver = (): boolean => hasEnded;
  const end = Date.now() + SECONDS * 1_000;
  const [one, other] = [chanceOf(seed), chanceOf(-seed)];
  const troubles = [
    makeTrouble(accidents(cast, one), one, { end, isOver }),
    makeTrouble(changes(cast, other), other, { end, isOver }),
  ];
  const lives = cast.people.map((person, index) => person.live(index, isOver));
  await Promise.race([Promise.all(troubles), Promise.all(lives)]).catch(() => undefined);
  hasEnded = true;
  await Promise.allSettled([...troubles, ...lives]);
  await Promise.all([...troubles, ...lives]);
}

/** What is not as it was acknowledged, in words. */
async function account({ team, operator, database, people, arrivals, server }: Cast): Promise<readonly string[]> {
  const store = await openPostgresStore({ url: new Secret(database.url), clock: systemClock, random: systemRandom });
  onTestFinished(() => store.close());
  const log = await auditOf(store);
  const rows = await allOf((page) => store.listCredentials({ serverId: server.id }, page));
  const written = (action: string): number => log.filter((event) => event.action === action).length;
  const { judge } = team;
  const fewer = [
    ["server.updated", judge.counted("schema edits") + judge.counted("moves to another origin")],
    ["vault.retired", judge.counted("data keys replaced")],
    ["vault.promoted", judge.counted("encryption keys replaced")],
  ] as const;
  return [
    ...people.flatMap(({ id, operations }) =>
      unaccounted(
        operations,
        log.filter(({ identity }) => identity?.id === id),
      ),
    ),
    ...inconsistencies(log, rows),
    ...misdirected(arrivals, people),
    ...fewer
      .filter(([action, done]) => written(action) < done)
      .map(([action]) => `${action} was not written each time`),
    ...((await store.verifyAudit()).isIntact ? [] : ["the audit chain is broken"]),
    ...(await operator.openEverything()),
    ...(team.log.includes("credential_unreadable") ? ["a row could not be read"] : []),
    ...(betrays(Buffer.from(team.log)) ? ["a value stands in the log"] : []),
  ];
}

describe.skipIf(!canStartPostgres)("two replicas on one PostgreSQL", () => {
  it.each(GIVEN === undefined ? SEEDS.slice(0, 1) : SEEDS)(
    "A52, A60, A62, A66: lose nothing that was acknowledged, and never send another's, a revoked or an old value (seed %d)",
    { timeout: SECONDS * 1_000 + 180_000 },
    async (seed) => {
      await withSeed(seed, async () => {
        const judge = new Judge();
        const cast = await assemble(judge);
        await play(cast, seed);
        for (const replica of cast.team.running) {
          await expect.poll(async () => (await fetch(`${replica.url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
        }
        // Both replicas say the same, and it is what was acknowledged last.
        for (const person of cast.people) {
          await person.call();
          await person.call();
        }
        console.info(`seed ${seed}: ${JSON.stringify(judge.counts)}`);
        expect([...new Set([...judge.violations, ...(await account(cast))])]).toEqual([]);
        expect(judge.counted("calls")).toBeGreaterThan(20);
        expect(judge.counted("revoked")).toBeGreaterThan(0);
      });
    },
  );
});
