import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/json.ts";
import type { ServerMessage } from "../../core/ports.ts";
import type { Untold } from "../../core/resolver.ts";
import type { Exchange } from "../exchange.ts";
import { createSetNotes } from "./set-note.ts";

const NOW = 1_800_000_000_000;

const UNTOLD: Untold = {
  credentialId: "cred_1",
  version: 3,
  setAt: NOW - 120_000,
  setFrom: { client: "Firefox on Linux", address: "203.0.113.9" },
};

const NOTE =
  "Keyward: your key for weather was set 2 minutes ago from Firefox on Linux, 203.0.113.9. " +
  "If that was not you, revoke it at https://keyward.example/";

function responseOf(text: string): ServerMessage {
  return {
    kind: "response",
    text,
    message: JSON.parse(text) as JsonObject,
    era: "modern",
    status: 200,
    event: null,
  };
}

function setUp() {
  const told: string[] = [];
  const tasks: (() => Promise<void>)[] = [];
  const notes = createSetNotes({
    store: { noteTold: async (id, version) => void told.push(`${id}/${version}`) },
    clock: { now: () => NOW, schedule: () => () => {} },
    publicUrl: "https://keyward.example/",
  });
  const exchange = (method: string): Exchange =>
    ({
      message: { method },
      afterwards: (task: () => Promise<void>) => void tasks.push(task),
    }) as unknown as Exchange;
  return {
    told,
    tasks,
    add: (text: string, untold: Untold = UNTOLD, method = "tools/call") =>
      notes.addTo(responseOf(text), exchange(method), untold, "weather"),
  };
}

const RESULT = `{"jsonrpc": "2.0", "id": 12345678901234567890,\n "result": { "content" : [ {"type":"text","text":"a ] \\" b"} ] , "structuredContent": {"n": 1.10} } }`;

describe("the note of when and from where a key was set", () => {
  it("is the last block of the first tool result, and everything else stays byte for byte", async () => {
    const { add, tasks, told } = setUp();
    const { text, message } = add(RESULT);
    const block = JSON.stringify({ type: "text", text: NOTE });
    expect(text).toBe(RESULT.replace(`b"} ] ,`, () => `b"} ,${block}] ,`));
    expect(message).toEqual(JSON.parse(text));
    expect(told).toEqual([]);
    await Promise.all(tasks.map((task) => task()));
    expect(told).toEqual(["cred_1/3"]);
  });

  it("is given once for each version, whatever the store has noted so far", () => {
    const { add, tasks } = setUp();
    expect(add(RESULT).text).toContain(NOTE);
    expect(add(RESULT).text).toBe(RESULT);
    expect(add(RESULT, { ...UNTOLD, version: 4 }).text).toContain(NOTE);
    expect(add(RESULT, { ...UNTOLD, credentialId: "cred_2" }).text).toContain(NOTE);
    expect(tasks).toHaveLength(3);
  });

  it.each([
    ["an error", `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}`],
    ["a failure", `{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[]}}`],
    ["a question", `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","content":[]}}`],
    ["a task", `{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"1"}}}`],
    ["content that is no list", `{"jsonrpc":"2.0","id":1,"result":{"content":{"type":"text"}}}`],
    ["no result", `{"jsonrpc":"2.0","id":1}`],
  ])("waits for the next result after %s", (_, text) => {
    const { add, tasks } = setUp();
    expect(add(text)).toEqual(responseOf(text));
    expect(tasks).toEqual([]);
    expect(add(RESULT).text).toContain(NOTE);
  });

  it("waits for a tool: other results have no place for it", () => {
    const { add } = setUp();
    for (const method of ["prompts/get", "resources/read", "tools/list", "completion/complete"]) {
      expect(add(RESULT, UNTOLD, method).text).toBe(RESULT);
    }
  });

  it("stands alone where there is no content, and says as much as is known", () => {
    const empty = `{"jsonrpc":"2.0","id":1,"result":{"content":[ ]}}`;
    const textFrom = (client: string | null, address: string | null): unknown => {
      const { message } = setUp().add(empty, { ...UNTOLD, setFrom: { client, address } });
      const { content } = message["result"] as { readonly content: readonly { readonly text: string }[] };
      return content.map(({ text }) => text.split(". If")[0]);
    };
    expect(textFrom("curl", null)).toEqual(["Keyward: your key for weather was set 2 minutes ago from curl"]);
    expect(textFrom(null, "::1")).toEqual(["Keyward: your key for weather was set 2 minutes ago from ::1"]);
    expect(textFrom(null, null)).toEqual(["Keyward: your key for weather was set 2 minutes ago"]);
  });

  it("remembers a bounded number of whom it has told", () => {
    const { add } = setUp();
    add(RESULT);
    for (let i = 0; i < 10_000; i += 1) {
      add(RESULT, { ...UNTOLD, credentialId: `cred_other_${i}` });
    }
    expect(add(RESULT).text).toContain(NOTE);
  });
});
