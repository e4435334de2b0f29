import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { ClientMessage } from "../../core/ports.ts";
import { type Connection, MODERN_START } from "./connection.ts";
import { ENVELOPE } from "./frame.ts";
import { asItIs, translated } from "./translate.ts";

const STATELESS: Connection = { era: "legacy", protocolVersion: "2025-11-25", sessionId: null };
const STATEFUL: Connection = { ...STATELESS, sessionId: "s-1" };
const FIRST_ID = 1_099_511_627_777;
const HUGE = "123456789012345678901234567890.10";

function ids(): () => number {
  let next = FIRST_ID;
  return () => next++;
}

function parsed(text: string): JsonObject {
  return JSON.parse(text) as JsonObject;
}

function clientMessage(
  text: string,
  era: ClientMessage["era"] = "legacy",
  idText: string | null = null,
): ClientMessage {
  const { id, method, params } = parsed(text);
  return {
    kind: id === undefined ? "notification" : "request",
    method: typeof method === "string" ? method : "",
    params: isJsonObject(params) ? params : {},
    idText: idText ?? (id === undefined ? null : JSON.stringify(id)),
    text,
    era,
  };
}

/** Members between which a message's own stand, each with a comma behind it; a number that no parser keeps is among them. */
const strange = fc
  .dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((object) => {
    const members = Object.entries(object).map(
      ([key, value]) => `${JSON.stringify(`x-${key}`)} :${JSON.stringify(value)}`,
    );
    return [...members, `"x":\n${HUGE}`].map((member) => `${member},`).join("");
  });
const idTexts = fc.oneof(fc.integer(), fc.string()).map((id) => JSON.stringify(id));

describe("a client's message in what others use too", () => {
  it("differs from the client's in its id alone, and its response from the server's in the same", () => {
    fc.assert(
      fc.property(strange, strange, idTexts, (outer, inner, id) => {
        const request = (idText: string): string =>
          `{${outer}"id" : ${idText}, "jsonrpc":"2.0","method":"x/y","params":{${inner}"a":{"id":${id}}}}`;
        const outgoing = translated(clientMessage(request(id), "legacy", id), STATELESS, ids());
        expect([outgoing.text, outgoing.id]).toEqual([request(String(FIRST_ID)), FIRST_ID]);

        const response = (idText: string): string =>
          `{${outer}"result":{${inner}"id":7},"id": ${idText},"jsonrpc":"2.0"}`;
        const received = response(String(FIRST_ID));
        expect(outgoing.restore(received, parsed(received), true)).toBe(response(id));
      }),
    );
  });

  it.each(['"client-\\"1\\""', "5"])("gets the response's own id %s back, whatever else repeats Keyward's", (id) => {
    const outgoing = translated(
      clientMessage(`{"jsonrpc":"2.0","id":${id},"method":"tools/call"}`, "legacy", id),
      STATELESS,
      ids(),
    );
    const echo = JSON.stringify(JSON.stringify({ id: FIRST_ID, at: [FIRST_ID] }));
    const result = `{"id":${FIRST_ID},"structuredContent":{"id":${FIRST_ID},"x":[${FIRST_ID}]},"content":[${echo}]}`;
    for (const [before, after] of [
      ["", `,"result":${result}`],
      ['"jsonrpc" : "2.0",', `,"result":${result}`],
      [`"result":${result},"jsonrpc":"2.0",`, ""],
      [`"result":${result},`, ',"jsonrpc":"2.0"'],
      [`"error":{"code":-1,"message":${echo}},`, ""],
      [`"x":${FIRST_ID},"result":${result},`, ',"y":1'],
    ] as const) {
      const response = (idText: string | number): string => `{${before}"id":${idText}${after}}`;
      const received = response(FIRST_ID);
      expect(outgoing.restore(received, parsed(received), true)).toBe(response(id));
    }
  });

  it("is named by the client's id in what a server says of it, and nowhere else", () => {
    const subscription = "io.modelcontextprotocol/subscriptionId";
    const outgoing = translated(
      clientMessage('{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen"}', "modern"),
      MODERN_START,
      ids(),
    );
    const text = JSON.stringify(JSON.stringify({ id: FIRST_ID }));
    const notice = (id: string | number): string =>
      `{"method":"notifications/x","params":{"data":${text},"_meta":{"a":${HUGE},"${subscription}":${id}},"n":${FIRST_ID}}}`;
    expect(outgoing.restore(notice(FIRST_ID), parsed(notice(FIRST_ID)), false)).toBe(notice('"sub"'));
    const cancelled = (id: string | number): string =>
      `{"method":"notifications/cancelled","params":{"reason":${text},"requestId":${id}}}`;
    expect(outgoing.restore(cancelled(FIRST_ID), parsed(cancelled(FIRST_ID)), false)).toBe(cancelled('"sub"'));
    const end = (id: string | number): string =>
      `{"jsonrpc":"2.0","id":${id},"result":{"_meta":{"${subscription}":${id}},"data":${text}}}`;
    expect(outgoing.restore(end(FIRST_ID), parsed(end(FIRST_ID)), true)).toBe(end('"sub"'));
    const other = `{"method":"notifications/message","params":{"data":{"id":${FIRST_ID}}}}`;
    expect(outgoing.restore(other, parsed(other), false)).toBe(other);
  });

  it("has a progress token of Keyward's in a shared session, and what comes for it the client's", () => {
    fc.assert(
      fc.property(strange, idTexts, idTexts, fc.boolean(), (inner, id, token, isSpaced) => {
        const space = isSpaced ? " " : "";
        const request = (idText: string, tokenText: string): string =>
          `{"jsonrpc":"2.0","id":${idText},"method":"x/y","params":{${inner}"_meta":{${inner}"progressToken":${space}${tokenText}}}}`;
        const outgoing = translated(clientMessage(request(id, token), "legacy", id), STATEFUL, ids());
        expect(outgoing.text).toBe(request(String(FIRST_ID), String(FIRST_ID + 1)));

        const progress = (tokenText: string): string =>
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{${inner}"progressToken":${space}${tokenText},"progress":1}}`;
        const received = progress(String(FIRST_ID + 1));
        expect(outgoing.restore(received, parsed(received), false)).toBe(progress(token));
        const another = progress("6");
        expect(outgoing.restore(another, parsed(another), false)).toBe(another);
      }),
    );
  });

  it("keeps its progress token where nobody else's can meet it", () => {
    const text = `{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"_meta":{"progressToken":5,"a":${HUGE}}}}`;
    const outgoing = translated(clientMessage(text), STATELESS, ids());
    expect(outgoing.text).toBe(text.replace('"id":1', `"id":${FIRST_ID}`));
    const progress = '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}}';
    expect(outgoing.restore(progress, parsed(progress), false)).toBe(progress);
  });

  it("goes on byte for byte in a session of the client's own, and so does what comes back", () => {
    const text = `{ "id":5, "jsonrpc":"2.0","method":"x/y","params":{"_meta":{"progressToken":5,"a":${HUGE}}} }`;
    const outgoing = asItIs(clientMessage(text));
    expect([outgoing.text, outgoing.id, outgoing.restore("x", {}, true)]).toEqual([text, null, "x"]);
  });
});

describe("a message of one era in the other", () => {
  const members = (text: string): JsonObject => parsed(text)["params"] as JsonObject;

  it("gets the envelope of 2026-07-28, and keeps what the client put into _meta", () => {
    const message = clientMessage(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"x":${HUGE},"_meta":{"trace":${HUGE},"progressToken":"t"}}}`,
    );
    const { text } = translated(message, MODERN_START, ids());
    expect(members(text)["_meta"]).toEqual({ trace: Number(HUGE), progressToken: "t", ...ENVELOPE });
    expect(text.split(HUGE)).toHaveLength(3);
  });

  it("gets the envelope where it had no params, and cannot bring one of its own making", () => {
    const bare = clientMessage('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    expect(members(translated(bare, MODERN_START, ids()).text)).toEqual({ _meta: ENVELOPE });
    const forged = clientMessage(
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"roots":{}},"io.modelcontextprotocol/x":1}}}',
    );
    expect(members(translated(forged, MODERN_START, ids()).text)).toEqual({ _meta: ENVELOPE });
  });

  it("loses the envelope towards a legacy server, and nothing else", () => {
    fc.assert(
      fc.property(strange, (inner) => {
        const request = (id: string | number, envelope: string): string =>
          `{"jsonrpc":"2.0","id":${id},"method":"x/y","params":{${inner}"_meta":{${inner}${envelope}"a":1}}}`;
        const envelope = `${JSON.stringify(ENVELOPE).slice(1, -1)},"io.modelcontextprotocol/logLevel":"info",`;
        const { text } = translated(clientMessage(request(5, envelope), "modern"), STATELESS, ids());
        expect(parsed(text)).toEqual(parsed(request(FIRST_ID, "")));
        expect(text.split(HUGE)).toHaveLength(3);
      }),
    );
    const only: JsonValue = { jsonrpc: "2.0", id: 1, method: "x", params: { _meta: ENVELOPE, a: 1 } };
    expect(members(translated(clientMessage(JSON.stringify(only), "modern"), STATELESS, ids()).text)).toEqual({
      _meta: {},
      a: 1,
    });
  });

  it("is left as it is when it is an answer or has nothing to change", () => {
    const answer: ClientMessage = {
      kind: "response",
      method: "",
      params: {},
      idText: null,
      text: '{"jsonrpc":"2.0","id":3,"result":{}}',
      era: "legacy",
    };
    expect(translated(answer, MODERN_START, ids()).text).toBe(answer.text);
    const notice = clientMessage('{"jsonrpc":"2.0","method":"notifications/x"}', "modern");
    expect(translated(notice, STATELESS, ids()).text).toBe(notice.text);
  });
});
