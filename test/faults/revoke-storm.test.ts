import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../src/server/system.ts";
import { History } from "../helpers/history.ts";
import { callTool } from "../helpers/rpc.ts";
import { type Scene, setScene } from "../helpers/scene.ts";
import { SEEDS, withSeed } from "../helpers/seeds.ts";

/** Revocations in the middle of calls, through the real gateway and a real server. */

const ROUNDS = 4;
const CALLERS = 12;

let scene: Scene;
/** Milliseconds that the gateway's clock is ahead: links are rationed by the minute. */
let ahead: number;

beforeEach(async () => {
  ahead = 0;
  scene = await setScene({ gateway: { clock: { ...systemClock, now: () => systemClock.now() + ahead } } });
});
afterEach(() => scene.close());

/** Time here is in phases: what was under way when a revoke was acknowledged may still arrive, and nothing after it. */
it.each(SEEDS)(
  "A52, P8: among calls ends with every revoke what carries the value, and no call after it has it (seed %d)",
  async (seed) => {
    await withSeed(seed, async (chance) => {
      const { gateway, upstream, alice } = scene;
      const history = new History();
      let phase = 0;
      const current = { value: "", id: "" };
      upstream.change({
        before: async ({ headerValue }) => {
          if (headerValue === current.value) history.uses.push({ credentialId: current.id, version: 1, at: phase });
        },
      });
      for (let round = 0; round < ROUNDS; round += 1) {
        ahead += 60_001;
        const value = scene.goodValue(`round-${round}`);
        const id = await scene.connect(alice.key, value);
        history.acknowledge({ action: "credential.stored", credentialId: id, version: 1 });
        Object.assign(current, { value, id });

        let isOver = false;
        const storm = Array.from({ length: CALLERS }, async () => {
          while (!isOver) await callTool(gateway, alice.key, "notes-whoami");
        });
        const seen = history.uses.length + 1 + chance.below(40);
        await expect.poll(() => history.uses.length, { timeout: 15_000, interval: 1 }).toBeGreaterThanOrEqual(seen);
        expect((await gateway.admin("DELETE", `/api/v1/credentials/${id}`)).status).toBe(204);
        history.acknowledge({ action: "credential.revoked", credentialId: id, version: 1 }, phase);
        isOver = true;
        await Promise.all(storm);
        phase += 1;
        const after = await Promise.all(
          Array.from({ length: CALLERS }, () => callTool(gateway, alice.key, "notes-whoami")),
        );
        expect(after.map(({ result }) => result.isError)).toEqual(after.map(() => true));
      }
      const events = await gateway.running.store.listAudit({ serverId: scene.serverId }, { limit: 500 });
      expect(history.uses.length).toBeGreaterThan(ROUNDS);
      expect(history.violations(events.items.toReversed(), [])).toEqual([]);
    });
  },
);
