import { openSqliteHarness } from "../store/sqlite-harness.ts";
import { describeStoreContract } from "./store.contract.ts";

describeStoreContract("SQLite", openSqliteHarness);
