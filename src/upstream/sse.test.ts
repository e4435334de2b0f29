import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSseDecoder } from "./sse.ts";

function decode(...pieces: readonly string[]): readonly string[] {
  const decoder = createSseDecoder(1_000);
  return pieces.flatMap((piece) => decoder.push(piece)).map(({ data }) => data);
}

describe("an event stream", () => {
  it.each([
    ["data: a\n\n", ["a"]],
    ["data:a\n\n", ["a"]],
    ["data:  a\n\n", [" a"]],
    ["data: a\ndata: b\n\n", ["a\nb"]],
    ["data\n\n", [""]],
    ["event: message\nid: 7\nretry: 10\ndata: a\n\n", ["a"]],
    ["event: endpoint\ndata: /old\n\ndata: a\n\n", ["a"]],
    [": comment\n\n:\n\ndata: a\n\n", ["a"]],
    ["data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]],
    ["\uFEFFdata: a\n\n", ["a"]],
    ["data: unfinished\n", []],
    ["\n\n\n", []],
    ["datas: a\nDATA: b\n\n", []],
  ])("%j gives %j", (text, events) => {
    expect(decode(text)).toEqual(events);
  });

  it("tells the id and the retry hint of an event, and of one that has nothing else", () => {
    const decoder = createSseDecoder(1_000);
    expect(decoder.push("id: 7\nretry: 250\ndata:\n\nid: 8\n\nretry: 1s\n\nid: a\u0007\ndata: x\n\n")).toEqual([
      { type: "message", data: "", id: "7", retryMs: 250 },
      { type: "message", data: "", id: "8", retryMs: null },
      { type: "message", data: "x", id: null, retryMs: null },
    ]);
  });

  it("gives the same events wherever it is cut", () => {
    const line = fc.constantFrom("data: x", "data: y:z", "data", ": c", "event: message", "id: 1", "", "\u{1f511}");
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const stream = fc
      .array(fc.tuple(line, end).map(([text, mark]) => text + mark))
      .map((lines) => `${lines.join("")}\n\n`);
    fc.assert(
      fc.property(stream, fc.array(fc.nat(60)), (text, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b);
        const pieces = places.slice(1).map((place, at) => text.slice(places[at], place));
        expect(decode(...pieces)).toEqual(decode(text));
      }),
    );
  });

  it.each([
    ["one endless line", (decoder: ReturnType<typeof createSseDecoder>) => decoder.push("data: xxxx")],
    ["endless lines", (decoder: ReturnType<typeof createSseDecoder>) => decoder.push("data: x\n")],
    ["endless comments in an event", (decoder: ReturnType<typeof createSseDecoder>) => decoder.push(": x\n")],
  ])("of %s is refused", (_, feed) => {
    const decoder = createSseDecoder(1_000);
    expect(() => {
      for (let count = 0; count < 1_000; count += 1) feed(decoder);
    }).toThrow(expect.objectContaining({ code: "upstream_protocol" }));
  });

  it("may go on for ever when its events are short", () => {
    const decoder = createSseDecoder(1_000);
    for (let count = 0; count < 1_000; count += 1) {
      expect(decoder.push(": still here\n\ndata: x\n\n")).toEqual([
        { type: "message", data: "x", id: null, retryMs: null },
      ]);
    }
  });
});
