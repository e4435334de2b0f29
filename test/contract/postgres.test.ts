import { describe } from "vitest";
import { isPostgresThere } from "../helpers/postgres/database.ts";
import { openPostgresHarness } from "../store/postgres-harness.ts";
import { describeStoreContract } from "./store.contract.ts";

describe.skipIf(!isPostgresThere)("on a real server", () => {
  describeStoreContract("PostgreSQL", openPostgresHarness);
});
