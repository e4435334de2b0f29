import { expect, it } from "vitest";
import { isConnectionLost, isWorthAnotherTry } from "./postgres-error.ts";

function fromServer(code: string): Error {
  return Object.assign(new Error("in the server's words"), { severity: "FATAL", code });
}

// 25P03 was met by a process that had stood still for 10 s in a transaction: it had the change refused, and the connection,
// which was gone, given back as a good one.
it.each([
  ["25P03", "its transaction was idle for too long"],
  ["25P04", "its transaction took too long"],
  ["57P05", "it was idle for too long"],
  ["57P01", "the server stops"],
])("a connection that the server ends with %s, because %s, is lost, and another one is tried", (code) => {
  expect([isConnectionLost(fromServer(code)), isWorthAnotherTry(fromServer(code))]).toEqual([true, true]);
});

it.each(["23505", "40001", "55P03", "57014"])("an error such as %s leaves the connection as it is", (code) => {
  expect(isConnectionLost(fromServer(code))).toBe(false);
});
