import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberSpans, memberText, withMember } from "./json-text.ts";

function parsed(json: string): unknown {
  return JSON.parse(json);
}

describe("the members of JSON text", () => {
  it("are found with their exact text, whatever they hold", () => {
    const text = ' { "a" : 12345678901234567890 , "b":{"a":[1,"}\\""]},\n"c\\u0064":"x,y", "e":[ ] }';
    const spans = memberSpans(text);
    expect([...spans.members.keys()]).toEqual(["a", "b", "cd", "e"]);
    expect(memberText(text, spans, "a")).toBe("12345678901234567890");
    expect(memberText(text, spans, "b")).toBe('{"a":[1,"}\\""]}');
    expect(memberText(text, spans, "cd")).toBe('"x,y"');
    expect(memberText(text, spans, "e")).toBe("[ ]");
    expect(memberText(text, spans, "f")).toBeNull();
    expect(spans.isAmbiguous).toBe(false);
  });

  it("are ambiguous when a name stands twice, also by its escapes", () => {
    expect(memberSpans('{"name":1,"name":2}').isAmbiguous).toBe(true);
    expect(memberSpans('{"name":1,"n\\u0061me":2}').isAmbiguous).toBe(true);
    expect(memberSpans('{"a":{"name":1},"b":{"name":2}}').isAmbiguous).toBe(false);
  });

  it("are read as JSON.parse reads them", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 3), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const spans = memberSpans(text);
        const read = [...spans.members].map(([name, { start, end }]) => [name, parsed(text.slice(start, end))]);
        expect(Object.fromEntries(read)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("are replaced or added without touching the others", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (object, name, value) => {
        const text = JSON.stringify(object);
        const edited = withMember(text, memberSpans(text), name, JSON.stringify(value));
        const expected = JSON.stringify(value);
        expect(JSON.stringify((parsed(edited) as Record<string, unknown>)[name])).toBe(expected);
        const others = (json: string): unknown =>
          Object.fromEntries(Object.entries(parsed(json) as object).filter(([key]) => key !== name));
        expect(others(edited)).toEqual(others(text));
      }),
    );
  });
});
