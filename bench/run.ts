import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { describeDatabaseServer, isPostgresThere } from "./database-server.ts";
import { answersChecked } from "./load.ts";
import { describeMachine, machineLine, markdownTable, textTable } from "./report.ts";
import { isMet, type Measure, type Row } from "./row.ts";
import { cold } from "./rows/cold.ts";
import { flows } from "./rows/flows.ts";
import { idleIdentities } from "./rows/identities.ts";
import { reconcile, reconcilePostgres } from "./rows/reconcile.ts";
import { replicas } from "./rows/replicas.ts";
import { resolve, resolvePostgres } from "./rows/resolve.ts";
import { rivals } from "./rows/rivals.ts";
import { start } from "./rows/start.ts";
import { sweep, sweepPostgres } from "./rows/sweep.ts";
import { warmAllServers, warmOneServer, warmPostgres } from "./rows/warm.ts";

/*
 * `npm run bench`: measures everything that design and docs promise, side by side with what it is measured against, and
 * prints one table. See docs/performance.md. Exits 1 when something does not work; a goal that is missed is only told.
 */

const ROWS: readonly Row[] = [
  warmOneServer,
  warmAllServers,
  rivals,
  cold,
  flows,
  resolve,
  reconcile,
  sweep,
  idleIdentities,
  start,
  warmPostgres,
  replicas,
  resolvePostgres,
  reconcilePostgres,
  sweepPostgres,
];

const DOCS = new URL("../docs/performance.md", import.meta.url);
/** The whole must end by itself. */
const LIMIT_MS = 30 * 60_000;

const { values } = parseArgs({
  options: {
    row: { type: "string", multiple: true, default: [] },
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    "write-docs": { type: "boolean", default: false },
  },
});

const chosen = ROWS.filter(({ name }) => values.row.length === 0 || values.row.includes(name));
const unknown = values.row.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no row ${unknown.join(", ")}. Rows: ${ROWS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}
// The children end with this process; it must not wait for one that hangs.
setTimeout(() => {
  process.stderr.write("The bench took too long and was ended.\n");
  process.exit(1);
}, LIMIT_MS).unref();

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}

const started = Date.now();
// What else the machine was busy with, before the bench adds to it.
const loadBefore = (loadavg()[0] ?? 0).toFixed(1);
const measures: Measure[] = [];
const leftOut = isPostgresThere() ? [] : chosen.filter(({ needsPostgres }) => needsPostgres === true);
const notes = leftOut.map(({ name }) => `Left out: ${name}. There is no PostgreSQL on this machine.`);
for (const note of notes) process.stderr.write(`${note}\n`);
for (const row of chosen.filter((row) => !leftOut.includes(row))) {
  measures.push(
    ...(await row.run({
      isQuick: values.quick,
      isProfiling: values.profile,
      say: (text) => void process.stderr.write(`${text}\n`),
    })),
  );
}
const seconds = Math.round((Date.now() - started) / 1_000);
const machine = describeMachine();
const databaseServer = describeDatabaseServer();
if (databaseServer !== null) notes.push(`Database server: ${databaseServer}.`);
if (values["write-docs"]) {
  writeResults(markdownTable(measures));
}
if (values.json) {
  const told = measures.map((measure) => ({ ...measure, is_met: isMet(measure) }));
  process.stdout.write(
    `${JSON.stringify({
      machine,
      database_server: databaseServer,
      seconds,
      is_quick: values.quick,
      answers_checked: answersChecked(),
      left_out: leftOut.map(({ name }) => name),
      measures: told,
    })}\n`,
  );
} else {
  process.stdout.write(`\n${machineLine(machine)}\n\n${[textTable(measures), ...notes, `${seconds} s`].join("\n")}\n`);
}

/** Replaces what stands between the two marks; everything else in the page is written by hand. */
function writeResults(table: string): void {
  const [begin, end] = ["<!-- results: begin -->", "<!-- results: end -->"];
  const page = readFileSync(DOCS, "utf8");
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to === -1) {
    throw new Error("docs/performance.md has no marks for the results");
  }
  const measured =
    `Measured on ${new Date(started).toISOString().slice(0, 10)}: ${machineLine(machine)}. Load average before: ${loadBefore}. ${notes.join(" ")}`.trim();
  writeFileSync(DOCS, `${page.slice(0, from + begin.length)}\n${measured}\n\n${table}${page.slice(to)}`);
}
