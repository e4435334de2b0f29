import { setTimeout as pause } from "node:timers/promises";
import type { HalfOpenProxy } from "../helpers/half-open-proxy.ts";
import type { PostgresServer } from "../helpers/postgres/server.ts";
import type { Chance } from "../helpers/seeds.ts";
import type { Operator } from "./replica-operator.ts";
import type { SharedServer } from "./replica-people.ts";
import type { Team } from "./replica-team.ts";

export interface Troubled {
  readonly team: Team;
  readonly operator: Operator;
  readonly database: PostgresServer;
  /** Between the replicas and the database. */
  readonly proxy: HalfOpenProxy;
  readonly server: SharedServer;
  /** Where the server may be; it is at the first. */
  readonly urls: readonly string[];
}

type Trouble = () => Promise<void>;

/** What happens to machines and networks. */
export function accidents({ team, database, proxy }: Troubled, chance: Chance): readonly Trouble[] {
  const { judge } = team;
  const restartDatabase = async (how: "fast" | "immediate"): Promise<void> => {
    await database.stop(how);
    await pause(chance.below(1_500));
    await database.start();
    judge.count(`restarts of PostgreSQL, ${how}`);
  };
  return [
    () => team.restart(chance.below(2), "SIGKILL").then(() => judge.count("kills")),
    async () => {
      proxy.heal();
      judge.count("cuts");
    },
    () => restartDatabase("fast"),
    async () => {
      proxy.become({ kind: "blackhole" });
      await pause(1_500);
      proxy.heal();
      judge.count("black holes");
    },
    () => restartDatabase("immediate"),
  ];
}

/** What administrators do. */
export function changes({ team, operator, server, urls }: Troubled, chance: Chance): readonly Trouble[] {
  const { judge } = team;
  const path = `/api/v1/servers/${server.id}`;
  let hasRegion = false;
  let place = 0;
  return [
    () => operator.replaceDataKey(),
    async () => {
      hasRegion = !hasRegion;
      const header_schema = [
        { name: "X-API-Key", label: "API key" },
        ...(hasRegion ? [{ name: "X-Region", required: false }] : []),
      ];
      await server.edit(false, async () => void (await team.insist("PATCH", path, 200, { header_schema })));
      judge.count("schema edits");
    },
    () => operator.replaceEncryptionKey(),
    async () => {
      place = (place + 1) % urls.length;
      await server.edit(true, async () => void (await team.insist("PATCH", path, 200, { url: urls[place] })));
      judge.count("moves to another origin");
    },
    async () => {
      await operator.sweep();
      judge.count("sweeps");
      await pause(chance.below(500));
    },
  ];
}

/** Each of them at least once, then by chance, until the time is over. */
export async function makeTrouble(
  troubles: readonly Trouble[],
  chance: Chance,
  { end, isOver }: { readonly end: number; readonly isOver: () => boolean },
): Promise<void> {
  for (let turn = 0; !isOver() && (Date.now() < end || turn < troubles.length); turn += 1) {
    await pause(300 + chance.below(700));
    await (troubles[turn] ?? chance.pick(troubles))();
  }
}
