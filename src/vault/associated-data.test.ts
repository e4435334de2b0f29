import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { associatedData, encodeFields } from "./associated-data.ts";

/** The reverse of `encodeFields`, written from its doc comment. That there is one shows that no two lists meet. */
function decodeFields(bytes: Buffer): string[] {
  const fields: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    fields.push(bytes.toString("utf16le", at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

// Every UTF-16 unit, lone surrogates and NUL included, and units that look like lengths.
const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 1, 2, 0x3a, 0xd800, 0xfffd));
const field = fc.string({ unit: unit.map((code) => String.fromCharCode(code)) });

describe("associated data", () => {
  it("A13: two different lists of fields never give the same bytes", () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        expect(decodeFields(encodeFields(fields))).toEqual(fields);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [
      ["a:b", "c"],
      ["a", "b:c"],
    ],
    [["ab"], ["a", "b"]],
    [["a", ""], ["a"]],
    [["\ud800"], ["\ufffd"]],
    [["\u00e9"], ["e\u0301"]],
    [["a "], ["a"]],
  ])("A13: %j and %j stay different", (one, other) => {
    expect(encodeFields(one)).not.toEqual(encodeFields(other));
  });

  it("holds purpose, deployment, fields and key in this order and in these bytes", () => {
    const bytes = associatedData({ purpose: "keycheck", fields: ["f"] }, "d", "k");
    expect(bytes.toString("hex")).toBe(
      ["00000010", "6b006500790063006800650063006b00", "00000002", "6400", "00000002", "6600", "00000002", "6b00"].join(
        "",
      ),
    );
  });
});
