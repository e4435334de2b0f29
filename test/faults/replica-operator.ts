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

  get keyFile(): string {
    return this.#keyFile;
  }

  async sweep(): Promise<void> {
    await this.#insist(["sweep"]);
  }

  /** `rotate`, `rewrap`, and `retire` when nothing is sealed under the old key any more. */
  async replaceDataKey(): Promise<void> {
    const old = textIn(await this.#insist(["vault", "rotate"]), "previous_key_id");
    for (;;) {
      await this.#insist(["vault", "rewrap"]);
      const { keys } = await this.status();
      if (keys.find(({ id }) => id === old)?.may_retire === true) {
        break;
      }
    }
    await this.#insist(["vault", "retire", old, "--yes"]);
    this.#team.judge.count("data keys replaced");
  }

  /** `stage`, a restart of every gateway with the new key, `promote`; then the old key goes. */
  async replaceEncryptionKey(): Promise<void> {
    const [old, next] = [this.#keyFile, await this.#newKeyFile()];
    const stage = ["vault", "stage", "--new-key-file", next];
    await this.#insist(stage, ({ staged_kek_id: staged }) => staged !== null);
    this.#team.configure({ KEYWARD_ENCRYPTION_KEY_FILE: next });
    await this.#team.restart(0, "SIGTERM");
    await this.#team.restart(1, "SIGTERM");
    this.#keyFile = next;
    await this.#insist(["vault", "promote"], ({ staged_kek_id: staged }) => staged === null);
    rmSync(old);
    this.#team.judge.count("encryption keys replaced");
  }

  /** Seals every row anew, which opens each of them. @returns what does not open, and what is not under the new key */
  async openEverything(): Promise<readonly string[]> {
    await this.#insist(["vault", "rotate"]);
    const { unreadable_ids: unreadable } = await this.#insist(["vault", "rewrap"]);
    const { keys } = await this.status();
    const left = keys.filter(
      ({ state, sealed }) => state !== "current" && sealed.credentials + sealed.servers + sealed.oauth_records > 0,
    );
    return [...(unreadable as readonly string[]), ...left.map(({ id }) => `something under ${id}`)];
  }

  async status(): Promise<Status> {
    return (await this.#insist(["vault", "status"])) as unknown as Status;
  }

  async #newKeyFile(): Promise<string> {
    this.#keyFiles += 1;
    const path = join(this.#folder, `${this.#keyFiles}.key`);
    const key = textIn(await this.#insist(["vault", "generate-key"]), "key");
    writeFileSync(path, `${key}\n`, { mode: 0o600 });
    return path;
  }

  /**
   * Runs a command until it has done it.
   * @param isDone whether an earlier try, which did not hear of it, has; for what is refused the second time
   */
  async #insist(args: readonly string[], isDone?: (status: Status) => boolean): Promise<JsonObject> {
    const { judge } = this.#team;
    for (let hasFailed = false; ; hasFailed = true) {
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
      if (hasFailed && isDone?.(await this.status()) === true) {
        return {};
      }
      judge.outcomeOfError(`${args.join(" ")}: ${stderr.slice(-500)}`, told);
      if (judge.violations.length > 0) {
        throw new Error(judge.violations.join("\n"));
      }
      await pause(200);
    }
  }
}
