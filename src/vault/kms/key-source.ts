import { KeywardError } from "../../core/errors.ts";
import type { Clock, Random } from "../../core/ports.ts";
import type { Secret } from "../../core/secret.ts";
import { parseKeyText } from "../key-text.ts";
import { CommandKeyEncryption } from "./command.ts";
import type { KeyEncryption } from "./key-encryption.ts";
import { readKeyFile } from "./key-file.ts";
import { LocalKeyEncryption } from "./local.ts";

/** Where the key-encryption key comes from. Exactly one of them is given. */
export interface KeySources {
  /** The key itself: base64 of 32 bytes. */
  readonly key?: Secret<string> | undefined;
  /** Path of a file with the key, accessible to its owner only. */
  readonly file?: string | undefined;
  /** Program and arguments, see `CommandKeyEncryption`. */
  readonly command?: readonly string[] | undefined;
}

const SETTING: Readonly<Record<keyof KeySources, string>> = {
  key: "KEYWARD_ENCRYPTION_KEY",
  file: "KEYWARD_ENCRYPTION_KEY_FILE",
  command: "KEYWARD_ENCRYPTION_KEY_COMMAND",
};

/**
 * @throws KeywardError `encryption_key_missing` without a source; `config_invalid` with several, because which of two
 *   keys counts must never be a guess; `encryption_key_invalid` when the key is not one
 */
export async function openKeySource(
  { key, file, command }: KeySources,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<KeyEncryption> {
  assertAtMostOne({ key, file, command });
  if (key !== undefined) {
    return new LocalKeyEncryption(parseKeyText(key, SETTING.key), ports.random);
  }
  if (file !== undefined) {
    return new LocalKeyEncryption(parseKeyText(await readKeyFile(file), `The key file ${file}`), ports.random);
  }
  if (command !== undefined) {
    return new CommandKeyEncryption(command, { clock: ports.clock });
  }
  throw new KeywardError("encryption_key_missing", {
    message: `No encryption key is configured. Set one of ${Object.values(SETTING).join(", ")}.`,
  });
}

function assertAtMostOne(sources: Required<KeySources>): void {
  const given = (Object.keys(SETTING) as (keyof KeySources)[]).filter((source) => sources[source] !== undefined);
  if (given.length > 1) {
    throw new KeywardError("config_invalid", {
      message: `Set only one of ${given.map((source) => SETTING[source]).join(", ")}.`,
    });
  }
}
