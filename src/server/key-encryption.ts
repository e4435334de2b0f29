import { existsSync } from "node:fs";
import { KeywardError } from "../core/errors.ts";
import type { Clock, Random } from "../core/ports.ts";
import type { KeyStore } from "../core/key-port.ts";
import type { KeyEncryption } from "../vault/kms/key-encryption.ts";
import { createKeyFile } from "../vault/kms/key-file.ts";
import { openKeySource } from "../vault/kms/key-source.ts";
import type { EncryptionKeySource } from "./config/config.ts";

/**
 * Makes the key file of a deployment that configures no key. Only when the database has no keys yet: a new key beside a
 * database with sealed values would hide that the right one is missing.
 * @throws KeywardError `encryption_key_missing` naming the key that the database was encrypted with
 */
export async function ensureKeyFile(source: EncryptionKeySource, keyStore: KeyStore, random: Random): Promise<void> {
  if (source.kind !== "generated_file" || existsSync(source.path)) {
    return;
  }
  const keys = await keyStore.listKeys();
  if (keys.length > 0 || (await keyStore.hasSealedRows())) {
    const wrappedBy = [...new Set(keys.map((key) => key.kekId))].join(", ");
    throw new KeywardError("encryption_key_missing", {
      message: `The key file ${source.path} is missing, and the database was encrypted with the key ${wrappedBy}. Put the file back, or set KEYWARD_ENCRYPTION_KEY.`,
    });
  }
  await createKeyFile(source.path, random);
}

/** @throws KeywardError `encryption_key_missing`, `encryption_key_invalid` */
export function openKeyEncryption(
  source: EncryptionKeySource,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<KeyEncryption> {
  switch (source.kind) {
    case "key":
      return openKeySource({ key: source.key }, ports);
    case "command":
      return openKeySource({ command: source.argv }, ports);
    case "file":
    case "generated_file":
      return openKeySource({ file: source.path }, ports);
  }
}
