import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "../cli/run-command.ts";
import { textIn } from "../helpers/test-gateway.ts";
import type { Team } from "./replica-team.ts";

interface ShownKey {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly sealed: { readonly credentials: number; readonly servers: number; readonly oauth_records: number };
  readonly may_retire: boolean;
}

interface Status {
  readonly kek_id: string;
  readonly staged_kek_id: string | null;
  readonly keys: readonly ShownKey[];
}

/** Whoever has the commands of docs/keys.md at hand, and runs one again that the database was away for. */
export class Operator {
  readonly #team: Team;
  readonly #databaseUrl: string;
  readonly #folder: string;
  #keyFile: string;
  #keyFiles = 0;

  private constructor(team: Team, databaseUrl: string, folder: string, keyFile: string) {
    this.#team = team;
    this.#databaseUrl = databaseUrl;
    this.#folder = folder;
    this.#keyFile = keyFile;
  }

  /** Makes the first encryption key, and configures the team with it. */
  static async start(team: Team, databaseUrl: string, folder: string): Promise<Operator> {
    const operator = new Operator(team, databaseUrl, folder, "");
    operator.#keyFile = await operator.#newKeyFile();
    team.configure({ KEYWARD_ENCRYPTION_KEY_FILE: operator.#keyFile });
    return operator;
  }

  async sweep(): Promise<void> {
    await this.#run(["sweep"]);
  }

  /**
   * `rotate`, then `rewrap` until nothing is sealed under the old key any more, and `retire`. A gateway that has not heard
   * of the rotation seals under the old one for two seconds, and `retire` is refused then: from the beginning.
   */
  async replaceDataKey(): Promise<void> {
    const old = textIn(await this.#run(["vault", "rotate"]), "previous_key_id");
    for (let isRetired = false; !isRetired; ) {
      await this.#run(["vault", "rewrap"]);
      const { keys } = await this.status();
      if (keys.find(({ id }) => id === old)?.may_retire === true) {
        const answer = await this.#insist(["vault", "retire", old, "--yes"], async (code) => code === "key_in_use");
        isRetired = answer !== null;
      }
    }
    this.#team.judge.count("data keys replaced");
  }

  /** `stage`, a restart of every gateway with the new key, `promote`; then the old key goes. */
  async replaceEncryptionKey(): Promise<void> {
    const [old, next] = [this.#keyFile, await this.#newKeyFile()];
    await this.#insist(["vault", "stage", "--new-key-file", next], (code) => this.#isDone(code, true));
    this.#team.configure({ KEYWARD_ENCRYPTION_KEY_FILE: next });
    await this.#team.restart(0, "SIGTERM");
    await this.#team.restart(1, "SIGTERM");
    this.#keyFile = next;
    await this.#insist(["vault", "promote"], (code) => this.#isDone(code, false));
    rmSync(old);
    this.#team.judge.count("encryption keys replaced");
  }

  /** Seals every row anew, which opens each of them. @returns what does not open, and what is not under the new key */
  async openEverything(): Promise<readonly string[]> {
    await this.#run(["vault", "rotate"]);
    const { unreadable_ids: unreadable } = await this.#run(["vault", "rewrap"]);
    const { keys } = await this.status();
    const left = keys.filter(
      ({ state, sealed }) => state !== "current" && sealed.credentials + sealed.servers + sealed.oauth_records > 0,
    );
    return [...(unreadable as readonly string[]), ...left.map(({ id }) => `something under ${id}`)];
  }

  async status(): Promise<Status> {
    return (await this.#run(["vault", "status"])) as unknown as Status;
  }

  async #newKeyFile(): Promise<string> {
    this.#keyFiles += 1;
    const path = join(this.#folder, `${this.#keyFiles}.key`);
    const key = textIn(await this.#run(["vault", "generate-key"]), "key");
    writeFileSync(path, `${key}\n`, { mode: 0o600 });
    return path;
  }

  /** Whether something is staged, or is not any more, by an earlier try whose answer was lost: it is refused again. */
  async #isDone(code: string | undefined, isStaged: boolean): Promise<boolean> {
    return code === "key_change_refused" && ((await this.status()).staged_kek_id !== null) === isStaged;
  }

  async #run(args: readonly string[]): Promise<JsonObject> {
    return (await this.#insist(args, async () => false)) ?? {};
  }

  /**
   * Runs a command until it has been done.
   * @param isOver whether an error is a reason to go on with something else
   * @returns null when it was
   */
  async #insist(
    args: readonly string[],
    isOver: (code: string | undefined) => Promise<boolean>,
  ): Promise<JsonObject | null> {
    const { judge } = this.#team;
    for (;;) {
      const { code, stdout, stderr } = await runCommand([...args, "--json"], {
        runtime: createRuntime(),
        env: {
          KEYWARD_DATABASE_URL: this.#databaseUrl,
          KEYWARD_ENCRYPTION_KEY_FILE: this.#keyFile,
          KEYWARD_LOG_LEVEL: "silent",
        },
      });
      if (code === 0) {
        return JSON.parse(stdout) as JsonObject;
      }
      const told = /"error":\{"code":"(\w+)"/.exec(stderr)?.[1];
      if (await isOver(told)) {
        return null;
      }
      judge.outcomeOfError(`${args.join(" ")}: ${stderr.slice(-500)}`, told);
      if (judge.violations.length > 0) {
        throw new Error(judge.violations.join("\n"));
      }
      await pause(200);
    }
  }
}
