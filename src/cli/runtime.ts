import type { Clock, Random } from "../core/ports.ts";
import type { Secret } from "../core/secret.ts";

/**
 * What the commands need of the composed product. `src/server/` implements it and `src/cli.ts` puts the two together;
 * the CLI itself imports the core and its own folder only.
 */
export interface Runtime {
  /** Version of the package: `0.1.0`. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Every option of the configuration that may be given as a flag, in the order of `--help`. */
  readonly configFlags: readonly ConfigFlag[];
  /**
   * Opens the database, brings its schema up to date, and listens.
   * @throws KeywardError `config_invalid`, `encryption_key_*`, `store_unusable`, `migration_failed`, `port_in_use`
   */
  serve(options: ConfigOptions): Promise<RunningGateway>;
  /** @throws KeywardError `config_invalid`, `store_unusable`, `migration_failed` */
  migrate(options: ConfigOptions): Promise<Migrated>;
  /**
   * Copies another database, `from`, to the configured one, which has to be empty, and opens every value of the copy.
   * @param from as `database_url` is written
   * @throws KeywardError `config_invalid`, `move_refused`, `move_failed`, `store_unusable`, `encryption_key_*`
   */
  move(options: ConfigOptions, from: string, onTable: (table: string, rows: number) => void): Promise<MovedDatabase>;
  /** Deletes what is stale, in batches until nothing is left; with `dryRun` only counts it. */
  sweep(options: ConfigOptions, how: { readonly dryRun: boolean }): Promise<Swept>;
  /**
   * Copies the database to a file that does not exist, while it is in use, and opens the copy's keys.
   * @throws KeywardError `backup_failed`, `encryption_key_*`
   */
  backup(options: ConfigOptions, file: string): Promise<BackedUp>;
  vaultStatus(options: ConfigOptions): Promise<VaultStatus>;
  /** @throws KeywardError `key_change_refused` */
  rotateDataKey(options: ConfigOptions): Promise<{ readonly keyId: string; readonly previousKeyId: string }>;
  /** Seals everything under the current data key; what is left to do is in the database, not in this process. */
  rewrap(options: ConfigOptions, settings: RewrapSettings): Promise<Rewrapped>;
  /** @returns false when it was retired before. @throws KeywardError `key_in_use`, `key_change_refused` */
  retireDataKey(options: ConfigOptions, id: string): Promise<boolean>;
  /** A second key-encryption key besides the one in use. @throws KeywardError `key_change_refused` */
  stageKey(options: ConfigOptions, next: NextKeySource): Promise<KeyEncryptionChange>;
  /** The staged one alone. @throws KeywardError `key_change_refused` */
  promoteKey(options: ConfigOptions): Promise<KeyEncryptionChange>;
  /** Not the staged one after all. @throws KeywardError `key_change_refused` */
  unstageKey(options: ConfigOptions): Promise<KeyEncryptionChange>;
  /** A new key-encryption key: base64 of 32 random bytes. */
  generateKey(): Secret<string>;
  /** Judges the installation. Never throws for what it finds: that is a finding. */
  doctor(options: ConfigOptions): Promise<readonly DoctorFinding[]>;
}

/** What a command was given for the configuration; `loadConfig` reads it. */
export interface ConfigOptions {
  /** By option name, as in `keyward.yaml`: `{ port: "0" }`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--config`. Absent = `KEYWARD_CONFIG`, or `./keyward.yaml` if it is there. null = no file. */
  readonly configPath?: string | null | undefined;
}

export interface ConfigFlag {
  /** As in `keyward.yaml`: `public_url`. */
  readonly name: string;
  /** `--public-url <url>` */
  readonly usage: string;
  readonly summary: string;
  /** What holds when it is not set, for a reader. */
  readonly defaultMeaning: string;
  /** `store`: matters to every command that opens the database. `serve`: to the running gateway only. */
  readonly scope: "serve" | "store";
}

export interface RunningGateway {
  /** Base of every link: `http://127.0.0.1:4180`. */
  readonly publicUrl: string;
  /** Where it listens, `host:port`, IPv6 in brackets. */
  readonly listening: string;
  /** Only while setup is open. Printed once. */
  readonly setupToken: Secret<string> | null;
  readonly warnings: readonly string[];
  /** Finishes what is under way, closes the listener and the database. Safe to call twice. */
  stop(): Promise<void>;
}

export interface MovedDatabase {
  readonly rows: number;
  /** Sealed values that were opened. */
  readonly opened: number;
  /** The key-encryption key that opens them. */
  readonly kekId: string;
}

interface Migrated {
  /** Names of the migrations that were applied now, in order. */
  readonly applied: readonly string[];
  /** Name of the newest migration that the database has. */
  readonly version: string;
}

interface Swept {
  readonly expiredFlows: number;
  readonly orphanedCredentials: number;
  /** Expired codes, tokens and grants, and registrations of clients that nobody uses. */
  readonly oauthRecords: number;
}

export interface BackedUp {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Names the key-encryption key that opens it. */
  readonly kekId: string;
}

export interface VaultStatus {
  /** Names the key-encryption key in use; says nothing about it. */
  readonly kekId: string;
  /** The one that is staged; null = none is. */
  readonly stagedKekId: string | null;
  readonly keys: readonly {
    readonly id: string;
    readonly kind: "data" | "digest";
    readonly state: "current" | "readable" | "retired";
    readonly kekId: string;
    readonly stagedKekId: string | null;
    readonly createdAt: number;
    /** Values sealed under it ever, as far as they were counted. */
    readonly seals: number;
    /** What is sealed under it now. */
    readonly sealed: { readonly credentials: number; readonly servers: number; readonly oauthRecords: number };
    readonly mayRetire: boolean;
  }[];
}

export interface RewrapSettings {
  readonly rowsPerSecond: number;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
}

interface Rewrapped {
  readonly keyId: string;
  readonly resealed: number;
  readonly unreadable: number;
  readonly unreadableIds: readonly string[];
}

export type NextKeySource =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "command"; readonly command: string };

interface KeyEncryptionChange {
  readonly from: string;
  readonly to: string;
}

export interface DoctorFinding {
  /** What was looked at: `encryption key`. */
  readonly check: string;
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}
