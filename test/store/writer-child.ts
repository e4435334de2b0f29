import { writeSync } from "node:fs";
import type { Server } from "../../src/core/server.ts";
import { openSqliteStore } from "../../src/sqlite.ts";
import { claim, entry, initiate, present, submission, upsert, someone } from "../contract/fixtures.ts";
import { random, TestClock } from "./sqlite-harness.ts";

/**
 * Writes to the database of its first argument, as many rounds as its second says, and prints each operation after it
 * was acknowledged: one JSON line of action, credential id and version.
 */
const [path = "", rounds = "0", name = "writer"] = process.argv.slice(2);

function acknowledge(action: string, credentialId: string, version: number): void {
  writeSync(1, `${JSON.stringify({ action, credentialId, version })}\n`);
}

const store = await openSqliteStore({ path, clock: new TestClock(), random });
const server: Server = present((await store.listServers({})).items[0]);

for (let round = 0; round < Number(rounds); round += 1) {
  const identity = someone(`user-${round % 7}`);
  const binding = { serverId: server.id, identity };
  const stored = await upsert(store, server, identity);
  acknowledge("credential.stored", stored.id, stored.version);

  const newFlowId = `flow_${name}_${process.pid}_${round}`;
  const flow = await store.initiateFlow(
    { ...binding, newFlowId, ttlMs: 900_000, requestedBy: { clientName: name, clientVersion: null, address: null } },
    entry("flow.requested"),
  );
  const claimId = `claim_${newFlowId}`;
  if (flow !== null && (await claim(store, flow.id, claimId)).kind === "claimed") {
    const outcome = await store.commitSubmission(submission(flow.id, claimId));
    if (outcome.kind === "committed") {
      acknowledge("credential.stored", outcome.credential.id, outcome.credential.version);
    }
  }
  if (round % 3 === 2) {
    const row = await store.readCredential(binding);
    const revoked = row === null ? null : await store.revokeCredential(row.id, entry("credential.revoked"));
    if (revoked !== null) {
      acknowledge("credential.revoked", revoked.id, revoked.version);
    }
  }
  await initiate(store, binding);
}
await store.close();
