import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "../../src/server/runtime.ts";
import { type Ran, runCommand } from "../cli/run-command.ts";
import { startPostgres } from "../helpers/postgres/server.ts";
import { type Scene, setScene } from "../helpers/scene.ts";

/* Deployments that are copied while they serve, as docs/keys.md says, and restored beside themselves. */

type Env = Readonly<Record<string, string>>;

export interface Deployment {
  readonly scene: Scene;
  /** Of the key-encryption key that it began with. */
  readonly keyFile: string;
  /** A command on its database, as an operator runs it beside the gateway. */
  keyward(args: readonly string[], keyFile?: string): Promise<Ran>;
  /** @returns the file of the copy */
  backup(name: string, keyFile?: string): Promise<string>;
  /** @returns where a gateway finds the database, which is a new one each time */
  restore(file: string): Promise<Env>;
  /** @returns the file of another key-encryption key */
  newKey(name: string): string;
  close(): Promise<void>;
}

/** What differs from engine to engine. */
interface Database {
  readonly env: Env;
  /** A copy by the engine's own means; null = by `keyward backup`. */
  readonly dump: ((file: string) => void) | null;
  readonly restore: (file: string, name: string) => Env;
}

export async function deployOnFile(): Promise<Deployment> {
  const folder = newFolder();
  const envOf = (name: string): Env => ({ KEYWARD_DATABASE_URL: `sqlite:${join(folder, `${name}.db`)}` });
  return deploy(folder, {
    env: envOf("keyward"),
    dump: null,
    restore(file, name) {
      copyFileSync(file, join(folder, `${name}.db`));
      return envOf(name);
    },
  });
}

/** A server that came with its own `pg_dump`. */
export interface DumpServer {
  deploy(): Promise<Deployment>;
  stop(): Promise<void>;
}

/** @param programs the folder of its programs */
export async function startDumpServer(programs: string): Promise<DumpServer> {
  const server = await startPostgres({}, programs);
  const { hostname, port, username } = new URL(server.url);
  const run = (program: string, ...args: readonly string[]): void => {
    execFileSync(join(programs, program), args, { env: { PGHOST: hostname, PGPORT: port, PGUSER: username } });
  };
  const urlOf = (name: string): string => `postgres://${username}@${hostname}:${port}/${name}`;
  let deployments = 0;
  return {
    deploy() {
      const own = `keyward_${(deployments += 1)}`;
      run("createdb", "--template=template0", "--encoding=UTF8", own);
      return deploy(newFolder(), {
        env: { KEYWARD_DATABASE_URL: urlOf(own) },
        dump: (file) => run("pg_dump", "--format=custom", `--file=${file}`, urlOf(own)),
        restore(file, name) {
          const restored = `${own}_${name}`;
          run("createdb", "--template=template0", "--encoding=UTF8", restored);
          run("pg_restore", "--exit-on-error", "--no-owner", `--dbname=${restored}`, file);
          return { KEYWARD_DATABASE_URL: urlOf(restored) };
        },
      });
    },
    stop: server.close,
  };
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "keyward-backup-"));
}

async function deploy(folder: string, { env, dump, restore }: Database): Promise<Deployment> {
  const newKey = (name: string): string => {
    const path = join(folder, `${name}.key`);
    writeFileSync(path, `${Buffer.from(name.padEnd(32)).toString("base64")}\n`, { mode: 0o600 });
    return path;
  };
  const ownKey = newKey("first");
  const keyward = (args: readonly string[], keyFile = ownKey): Promise<Ran> =>
    runCommand(args, {
      runtime: createRuntime(),
      env: { ...env, KEYWARD_ENCRYPTION_KEY_FILE: keyFile, KEYWARD_LOG_LEVEL: "silent" },
    });
  const scene = await setScene({ gateway: { folder, env: { ...env, KEYWARD_ENCRYPTION_KEY_FILE: ownKey } } });
  let restored = 0;
  return {
    scene,
    keyFile: ownKey,
    keyward,
    newKey,
    async backup(name, keyFile) {
      const file = join(folder, name);
      if (dump === null) {
        const { code, stderr } = await keyward(["backup", file, "--json"], keyFile);
        if (code !== 0) throw new Error(stderr);
      } else {
        dump(file);
      }
      return file;
    },
    restore: async (file) => restore(file, `restored_${(restored += 1)}`),
    async close() {
      await scene.close();
      rmSync(folder, { recursive: true });
    },
  };
}
