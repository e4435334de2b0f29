import { sql } from "kysely";
import type { CredentialCounts } from "../core/credential-port.ts";
import type { Db } from "./engine.ts";

/** An orphaned row is counted as that alone, as it is shown. */
export function countByServer(db: Db): Promise<CredentialCounts[]> {
  const inState = (status: string) =>
    sql<number>`cast(sum(case when orphaned_at is null and status = ${status} then 1 else 0 end) as integer)`;
  return db
    .selectFrom("header_credentials")
    .select([
      "server_id as serverId",
      inState("active").as("active"),
      inState("needs_update").as("needs_update"),
      inState("rejected").as("rejected"),
      sql<number>`cast(sum(case when orphaned_at is null then 0 else 1 end) as integer)`.as("orphaned"),
    ])
    .groupBy("server_id")
    .orderBy("server_id")
    .execute();
}
