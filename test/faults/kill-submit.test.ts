import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/server/system.ts";
import { startHeaderUpstream, type HeaderUpstream } from "../fixtures/header-upstream.ts";
import { betrays, canaryValue } from "../helpers/canary.ts";
import { engineOf, isOnPostgres } from "../helpers/engine.ts";
import { type OpenLink, prepareLink } from "../helpers/open-link.ts";
import { startKeyward } from "../helpers/keyward-process.ts";
import { keyProof, submit } from "../helpers/person.ts";
import { callTool } from "../helpers/rpc.ts";
import { errorCode, startTestGateway } from "../helpers/test-gateway.ts";

/*
 * kill -9 at every step of a submission: at each request that the verification makes of the server, and at several
 * moments after the last one, when the values are committed and the answer is sent.
 */

const OLD = canaryValue("old");
const NEW = canaryValue("new");
const PAST_THE_CLAIM_MS = 31_000;

let folder: string;
let upstream: HeaderUpstream;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keyward-kill-"));
  upstream = await startHeaderUpstream({ accepts: (value) => value === OLD || value === NEW, era: "modern" });
});

afterEach(async () => {
  await upstream.close();
  rmSync(folder, { recursive: true });
});

/** A stored old value, and a link that is open for a new one. */
const prepare = (): Promise<OpenLink> => prepareLink(folder, upstream.url, OLD);

/** Submits the new value to a process of its own and kills it. @returns the status, if an answer came before the kill */
async function submitAndKill({ key, flowId }: OpenLink, atRequest: number, delayMs: number): Promise<number | null> {
  const child = await startKeyward({ cwd: folder, env: (await engineOf(folder)).envWith({}) });
  let requests = 0;
  const killed = new Promise<void>((resolve) => {
    upstream.change({
      before: async () => {
        requests += 1;
        if (requests === atRequest) {
          setTimeout(() => void child.kill("SIGKILL").then(() => resolve()), delayMs);
        }
      },
    });
  });
  const status = await fetch(`${child.url}/api/v1/flows/${flowId}`, {
    method: "PUT",
    headers: { ...keyProof(key), "content-type": "application/json" },
    body: JSON.stringify({ headers: { "X-API-Key": NEW } }),
  }).then(
    (response) => response.status,
    () => null,
  );
  await killed;
  upstream.change({ before: async () => {} });
  expect(betrays(Buffer.from(child.output()))).toBe(false);
  return status;
}

const MORE_POINTS = [
  [2, 0],
  [3, 1],
  [3, 5],
  [3, 8],
  [3, 12],
  [3, 40],
] as const;

/** Verification asks three things of a modern server: discover and list with the value, discover with a wrong one. */
const POINTS: readonly (readonly [number, number])[] = [
  [1, 0],
  [3, 0],
  [3, 3],
  [3, 20],
  // Each costs two seconds, and the code is the same on both engines: one of them is asked more closely.
  ...(isOnPostgres ? [] : MORE_POINTS),
];

describe("kill -9 during a submission", () => {
  it.each(POINTS)("at request %d of the verification, after %d ms: the old value or the new one", async (at, delay) => {
    const prepared = await prepare();
    const status = await submitAndKill(prepared, at, delay);

    if (!isOnPostgres) {
      const found = await (await engineOf(folder)).query("pragma integrity_check");
      expect(found).toEqual([{ integrity_check: "ok" }]);
    }

    // A claim that the dead process holds runs out after 30 s.
    const clock = { ...systemClock, now: () => Date.now() + PAST_THE_CLAIM_MS };
    const gateway = await startTestGateway({ folder, clock });
    upstream.received.length = 0;
    const call = await callTool(gateway, prepared.key, "notes-whoami");
    expect(call.result.isError ?? false).toBe(false);
    const used = upstream.received.find(({ tool }) => tool === "whoami")?.headerValue;
    expect([OLD, NEW]).toContain(used);
    const isStored = used === NEW;
    if (status === 200) {
      expect(isStored).toBe(true);
    }

    const edited = (await gateway.admin("GET", "/api/v1/audit?action=credential.edited")).body["items"] as object[];
    expect(edited).toHaveLength(isStored ? 1 : 0);
    const path = `/api/v1/flows/${prepared.flowId}`;
    const again = await submit(gateway, prepared.flowId, keyProof(prepared.key), { "X-API-Key": NEW });
    const state = await gateway.call("GET", `${path}/status`, keyProof(prepared.key));
    // The same link works again, or says that it has done its work.
    expect([again.status, state.body["state"]]).toEqual([isStored ? 404 : 200, "completed"]);
    await gateway.close();
  });

  it("while the claim of the dead process lasts, the link says that it is being verified", async () => {
    const prepared = await prepare();
    await submitAndKill(prepared, 1, 0);
    const gateway = await startTestGateway({ folder });
    const again = await submit(gateway, prepared.flowId, keyProof(prepared.key), { "X-API-Key": NEW });
    expect([again.status, errorCode(again)]).toEqual([409, "flow_busy"]);
    expect((await gateway.admin("GET", "/api/v1/credentials")).text).toContain('"active"');
    await gateway.close();
  });
});
