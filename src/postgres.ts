/** `keyward/postgres`: the store of a team. One database, any number of gateways on it. */
export {
  migratePostgres,
  openPostgresStore,
  postgresMigrationStatus,
  type PostgresMigrationStatus,
  type PostgresStore,
  type PostgresStoreOptions,
} from "./store/postgres/open.ts";
