/** `keyward`: the gateway itself, and what the library needs to stand on its own feet. */
export { loadConfig, type Config, type EncryptionKeySource } from "./server/config/config.ts";
export { startServer, type RunningServer, type ServerPorts } from "./server/lifecycle.ts";
export { createLogger, type LogOptions } from "./server/log.ts";
export { systemClock, systemRandom } from "./server/system.ts";
export { VERSION } from "./server/version.ts";
export type { KeyEncryption } from "./vault/kms/key-encryption.ts";
export { createKeyFile } from "./vault/kms/key-file.ts";
export { openKeySource, type KeySources } from "./vault/kms/key-source.ts";
export { openVault, type VaultOptions } from "./vault/open-vault.ts";
