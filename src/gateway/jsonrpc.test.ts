import { describe, expect, it } from "vitest";
import { parseMessage } from "./jsonrpc.ts";

function kindOf(text: string): string {
  return parseMessage({ text, value: JSON.parse(text) }).kind;
}

describe("a message that a server could read differently", () => {
  it.each([
    ["a method twice", '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"a"}}'],
    ["a method twice by its escape", '{"jsonrpc":"2.0","id":1,"method":"ping","m\\u0065thod":"tools/call"}'],
    ["a method in another case", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}'],
    ["parameters in another case", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"},"PARAMS":{}}'],
    ["parameters with a long s", '{"jsonrpc":"2.0","id":1,"method":"x","params":{},"param\u017f":{"name":"b"}}'],
    ["an argument with a Kelvin sign", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"task":1,"tas\u212a":2}}'],
    ["a name twice", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}'],
    ["a name in two cases", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}'],
    ["an envelope with a member twice", '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"a":1,"a":2}}}'],
  ])("is refused: %s", (_, text) => {
    expect(kindOf(text)).toBe("invalid");
  });

  it.each([
    ["members that the protocol does not know", '{"jsonrpc":"2.0","id":1,"method":"x","params":{"other":1},"more":{}}'],
    [
      "doubled names further inside",
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"arguments":{"a":1,"A":2,"a":3}}}',
    ],
    ["parameters that are no object are not looked into", '{"jsonrpc":"2.0","id":1,"method":"x"}'],
  ])("is not confused with one that has %s", (_, text) => {
    expect(kindOf(text)).toBe("request");
  });
});
