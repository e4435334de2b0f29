import { parentPort, workerData } from "node:worker_threads";
import { SqliteConnection } from "./connection.ts";
import { CONNECTION_PRAGMAS } from "./pragmas.ts";
import { sqliteCode } from "./sqlite-error.ts";
import type { ThreadAnswer, ThreadRequest } from "./threaded-connection.ts";

/* The thread of the writing connection: it runs what it is sent, one statement after the other. */

const connection = new SqliteConnection({ path: String(workerData), isReadOnly: false });
for (const pragma of CONNECTION_PRAGMAS) {
  connection.exec(pragma);
}
// The log is there from the first read on.
connection.run("select count(*) from sqlite_schema", []);
parentPort?.postMessage({ kind: "opened" });

parentPort?.on("message", (request: ThreadRequest) => {
  parentPort?.postMessage(answer(request));
  if (request.kind === "close") {
    parentPort?.close();
  }
});

function answer(request: ThreadRequest): ThreadAnswer {
  try {
    const { rows, changes } = perform(request);
    return { kind: "done", rows, changes, isInTransaction: request.kind !== "close" && connection.isInTransaction };
  } catch (error) {
    // An error loses its code on the way between threads.
    return { kind: "failed", errcode: sqliteCode(error), isInTransaction: connection.isInTransaction };
  }
}

function perform(request: ThreadRequest): { readonly rows: unknown[]; readonly changes: bigint } {
  switch (request.kind) {
    case "run":
      return connection.run(request.sql, request.parameters);
    case "exec":
      connection.exec(request.sql);
      return { rows: [], changes: 0n };
    case "close":
      connection.close();
      return { rows: [], changes: 0n };
  }
}
