import { beforeEach, describe, expect, it } from "vitest";
import { aServer, aTool, discovered, memoryLogger } from "../../../test/gateway/gateway-fixture.ts";
import { callFor, manualClock } from "../../../test/upstream/parts.ts";
import { KeywardError } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ListChangeScope } from "../../core/list-change.ts";
import type { CallHeaders, ListOutcome } from "../../core/ports.ts";
import type { Server } from "../../core/server.ts";
import { createOwnLists, type OwnLists } from "./own-lists.ts";

const ANN: Identity = { mode: "virtual_key", id: "ann" };
const BEN: Identity = { mode: "virtual_key", id: "ben" };
const CATALOGUE = [aTool("shared")];
const OWN = [aTool("own"), aTool("shared")];

const names = (items: readonly JsonObject[] | null) => items?.map(({ name }) => name);
const listed = (items: readonly JsonObject[]): ListOutcome => ({ kind: "listed", items, omitted: 0 });

let now = 0;
let clock: ReturnType<typeof manualClock>;
let answers: (() => Promise<ListOutcome>)[];
let asked: { readonly server: Server; readonly headers: CallHeaders }[];
let changes: ListChangeScope[];
let seen: (readonly JsonObject[])[];
let own: OwnLists;

beforeEach(() => {
  now = 1_000_000;
  clock = manualClock();
  [answers, asked, changes, seen] = [[], [], [], []];
  own = createOwnLists({
    upstream: {
      list: (server, headers) => {
        asked.push({ server, headers });
        return (answers.shift() ?? (async () => listed(OWN)))();
      },
    },
    clock: { ...clock, now: () => now },
    logger: memoryLogger([]),
    changes: { changed: (scope) => void changes.push(scope) },
    sawTools: (_, tools) => void seen.push(tools),
  });
});

const server = (version = 1) => aServer("notes", { discovered: discovered(CATALOGUE), version });

function headers(version = 1, id = "cred_1"): CallHeaders {
  return callFor("https://notes.example", "value", { credential: { id, version } });
}

const list = (identity = ANN, of = server(), call = headers()) => own.list(identity, of, call, "tools");

/** Answers when it is told to. */
function slow() {
  const { promise, resolve } = Promise.withResolvers<ListOutcome>();
  answers.push(() => promise);
  return { answer: (outcome: ListOutcome) => resolve(outcome) };
}

describe("an identity's own list", () => {
  it("is asked for once a minute", async () => {
    expect(names(await list())).toEqual(["own", "shared"]);
    now += 59_999;
    await list();
    expect(asked).toHaveLength(1);
    now += 1;
    await list();
    expect(asked).toHaveLength(2);
  });

  it("is asked for once, however many want it at the same time", async () => {
    const lists = await Promise.all(Array.from({ length: 20 }, () => list()));
    expect(asked).toHaveLength(1);
    expect(new Set(lists).size).toBe(1);
  });

  it("A43: is nobody else's, not even where the server wants no key", async () => {
    const open = { ...headers(), credential: null };
    answers.push(async () => listed([aTool("anns")]));
    answers.push(async () => listed([aTool("bens")]));
    expect(names(await list(ANN, server(), open))).toEqual(["anns"]);
    expect(names(await list(BEN, server(), open))).toEqual(["bens"]);
    expect(names(own.peek(ANN, server(), "tools"))).toEqual(["anns"]);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ["version of the credential", server(), headers(2)],
    ["credential", server(), headers(1, "cred_2")],
    ["version of the server", server(2), headers()],
  ])("is asked for again with another %s", async (_, of, call) => {
    await list();
    await list(ANN, of, call);
    expect(asked).toHaveLength(2);
  });

  it("can be looked at without asking, for the version of the server that it is of", async () => {
    expect(own.peek(ANN, server(), "tools")).toBeNull();
    await list();
    expect(names(own.peek(ANN, server(), "tools"))).toEqual(["own", "shared"]);
    expect(own.peek(ANN, server(2), "tools")).toBeNull();
    expect(own.peek(ANN, server(), "prompts")).toBeNull();
    expect(asked).toHaveLength(1);
  });

  it("is asked for anew once it has expired, even if that happens while it is asked for", async () => {
    await list();
    own.expire(ANN, "srv_notes");
    const request = slow();
    const second = list();
    own.expire(ANN, "srv_notes");
    request.answer(listed(CATALOGUE));
    expect(names(await second)).toEqual(["shared"]);
    expect(names(await list())).toEqual(["own", "shared"]);
    expect(asked).toHaveLength(3);
  });

  it("that equals the catalogue is the catalogue, and is not looked at for changes", async () => {
    const of = server();
    answers.push(async () => listed([aTool("shared")]));
    expect(await list(ANN, of)).toBe(of.discovered?.tools);
    await list(BEN);
    expect(seen).toEqual([OWN]);
  });
});

describe("a server that does not answer in time", () => {
  it("is stood in for by the catalogue, at once for whoever comes next", async () => {
    const request = slow();
    const first = list();
    clock.fire(2_000);
    expect(names(await first)).toEqual(["shared"]);
    expect(names(await list())).toEqual(["shared"]);
    expect(asked).toHaveLength(1);
    request.answer(listed(OWN));
    await Promise.resolve();
    await expect.poll(() => names(own.peek(ANN, server(), "tools"))).toEqual(["own", "shared"]);
    expect(names(await list())).toEqual(["own", "shared"]);
    expect(asked).toHaveLength(1);
    expect(changes).toEqual([{ serverId: "srv_notes", identity: ANN }]);
  });

  it("is stood in for by the identity's own last list once there is one", async () => {
    await list();
    now += 60_000;
    slow();
    const second = list();
    clock.fire(2_000);
    expect(names(await second)).toEqual(["own", "shared"]);
  });

  it.each<[string, () => Promise<ListOutcome>]>([
    ["fails", async () => ({ kind: "failed", code: "upstream_unreachable" })],
    ["refuses", async () => ({ kind: "refused" })],
    ["may not be sent the headers", () => Promise.reject(new KeywardError("internal"))],
  ])("and one that %s is not asked again for ten seconds", async (_, outcome) => {
    answers.push(outcome);
    expect(names(await list())).toEqual(["shared"]);
    now += 9_999;
    expect(names(await list())).toEqual(["shared"]);
    expect(asked).toHaveLength(1);
    now += 1;
    expect(names(await list())).toEqual(["own", "shared"]);
    expect(changes).toEqual([]);
  });
});

describe("a change", () => {
  it("is told to the identity whose list it is, and only when the list differs from the one before", async () => {
    await list();
    now += 60_000;
    await list();
    expect(changes).toEqual([]);
    now += 60_000;
    answers.push(async () => listed(CATALOGUE));
    await list();
    expect(changes).toEqual([{ serverId: "srv_notes", identity: ANN }]);
  });

  it("is told when another credential lists something else", async () => {
    await list();
    answers.push(async () => listed(CATALOGUE));
    await list(ANN, server(), headers(2));
    expect(changes).toEqual([{ serverId: "srv_notes", identity: ANN }]);
  });
});
