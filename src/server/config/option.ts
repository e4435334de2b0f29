import { KeywardError } from "../../core/errors.ts";

/** What stands in a source: text, or the items of a YAML sequence. */
export type Raw = string | readonly string[];

/** One option: everything that parsing, `--help` and `docs/configuration.md` say about it. */
export interface Option<T> {
  readonly type: string;
  readonly unit: string | null;
  /** Parsed like any other value; null = the option has no value unless it is set. */
  readonly defaultText: string | null;
  /** What the documentation says in its place, where the default is not a plain value. */
  readonly defaultMeaning: string;
  /** The valid domain. Whatever lies outside stops the start. */
  readonly limits: string;
  /** One line, for `--help`. */
  readonly summary: string;
  /** More of it, for the documentation; may be empty. */
  readonly details: string;
  /** Placeholder of the value in `--help`; null = there is no flag, because `ps` shows the arguments of a process. */
  readonly argument: string | null;
  readonly isSecret: boolean;
  /** `store`: matters to every command that opens the database. `serve`: matters to the running gateway only. */
  readonly scope: "serve" | "store";
  /**
   * @throws KeywardError `config_invalid` whose message goes on after the option's name: `must be ...`. It says what is
   *   accepted and never quotes what was given, which may be a secret in the wrong place.
   */
  readonly parse: (raw: Raw) => T;
}

/** The type of an option's value. */
export type ValueOf<O> = O extends Option<infer T> ? T : never;

const DEFAULTS = {
  unit: null,
  defaultText: null,
  defaultMeaning: "none",
  details: "",
  argument: null,
  isSecret: false,
  scope: "serve",
} as const;

export function option<T>(
  given: Pick<Option<T>, "type" | "limits" | "summary" | "parse"> & Partial<Option<T>>,
): Option<T> {
  return { ...DEFAULTS, ...given };
}

export function configInvalid(message: string): KeywardError {
  return new KeywardError("config_invalid", { message });
}
