/** `keyward/sqlite`: the store of one machine. One file, any number of processes on it. */
export {
  type AuditChainVerdict,
  verifyAuditChain,
} from "./store/audit-chain.ts";
export {
  migrateSqlite,
  openSqliteStore,
  sqliteMigrationStatus,
  type SqliteMigrationStatus,
  type SqliteStore,
  type SqliteStoreOptions,
} from "./store/sqlite/open.ts";
