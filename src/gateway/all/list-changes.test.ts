import { expect, it } from "vitest";
import type { Identity } from "../../core/identity.ts";
import { createListChanges } from "./list-changes.ts";

const ANN: Identity = { mode: "virtual_key", id: "1" };
const BEN: Identity = { mode: "user", id: "1" };

function subscribeAll() {
  const changes = createListChanges();
  const heard: string[] = [];
  const leave = changes.subscribe(ANN, (lists) => heard.push(`ann ${lists.join()}`));
  changes.subscribe(BEN, (lists) => heard.push(`ben ${lists.join()}`));
  return { changes, heard, leave };
}

it("P14: tells one identity's change to that identity alone", () => {
  const { changes, heard } = subscribeAll();
  changes.changed({ serverId: "srv_1", identity: ANN }, ["prompts"]);
  expect(heard).toEqual(["ann prompts"]);
});

it("tells a server's change to everyone, all lists unless some are named", () => {
  const { changes, heard } = subscribeAll();
  changes.changed({ serverId: "srv_1" });
  expect(heard).toEqual(["ann tools,prompts,resources", "ben tools,prompts,resources"]);
});

it("tells nothing once the subscription has ended, and the others still", () => {
  const { changes, heard, leave } = subscribeAll();
  leave();
  leave();
  changes.subscribe(ANN, () => heard.push("again"));
  leave();
  changes.changed({ serverId: "srv_1" }, ["tools"]);
  expect(heard.toSorted()).toEqual(["again", "ben tools"]);
});

it("lets a listener leave while it is told", () => {
  const changes = createListChanges();
  let told = 0;
  const leave = changes.subscribe(ANN, () => {
    told += 1;
    leave();
  });
  changes.subscribe(ANN, () => (told += 1));
  changes.changed({ serverId: "srv_1", identity: ANN });
  changes.changed({ serverId: "srv_1", identity: ANN });
  expect(told).toBe(3);
});
