import { describe, expect, it } from "vitest";
import { failuresOf, judge, type Outcome, type Outcomes, regressions, successesOf } from "./outcomes.ts";

function run(scenarios: Readonly<Record<string, Readonly<Record<string, Outcome["status"]>>>>): Outcomes {
  return new Map(
    Object.entries(scenarios).map(([scenario, checks]) => [
      scenario,
      new Map(Object.entries(checks).map(([check, status]) => [check, { status, message: "" }])),
    ]),
  );
}

describe("two runs of a suite", () => {
  const direct = run({ a: { x: "SUCCESS", y: "WARNING", z: "INFO" }, b: { x: "SUCCESS" } });

  it("are equal when nothing is worse, whatever is better", () => {
    expect(regressions(direct, run({ a: { x: "SUCCESS", y: "SUCCESS" }, b: { x: "SUCCESS" } }))).toEqual([]);
    expect(regressions(direct, run({ a: { x: "SUCCESS", y: "WARNING" }, b: { x: "SUCCESS" } }))).toEqual([]);
  });

  it.each([
    ["fails", run({ a: { x: "FAILURE" }, b: { x: "SUCCESS" } }), ["a: x"]],
    ["is skipped", run({ a: { x: "SKIPPED" }, b: { x: "SUCCESS" } }), ["a: x"]],
    ["is only told", run({ a: { x: "INFO" }, b: { x: "SUCCESS" } }), ["a: x"]],
    ["breaks a MUST instead of a SHOULD", run({ a: { x: "SUCCESS", y: "FAILURE" }, b: { x: "SUCCESS" } }), ["a: y"]],
    ["is missing, with its scenario", run({ a: { x: "SUCCESS" } }), ["b: x"]],
    ["is new and fails", run({ a: { x: "SUCCESS" }, b: { x: "SUCCESS", n: "FAILURE" } }), ["b: n"]],
    ["fails in a new scenario", run({ a: { x: "SUCCESS" }, b: { x: "SUCCESS" }, c: { n: "WARNING" } }), ["c: n"]],
  ])("differ when a check %s", (_, through, expected) => {
    const found = regressions(direct, through).map(({ scenario, check }) => `${scenario}: ${check}`);
    expect(found).toEqual(expected);
  });

  it("differ in everything when one of them did not run", () => {
    expect(regressions(direct, new Map())).toHaveLength(2);
  });
});

describe("a finding", () => {
  const findings = failuresOf(run({ a: { x: "FAILURE", y: "WARNING", z: "SKIPPED", n: "INFO", s: "SUCCESS" } }));
  const entry = { suite: "s", scenario: "a", check: "x", reason: "none" };

  it("is whatever breaks a MUST or a SHOULD", () => {
    expect(findings.map(({ check }) => check)).toEqual(["x", "y"]);
  });

  it("is unexpected unless an entry names its scenario and its check", () => {
    expect(judge(findings, [entry])).toEqual({ unexpected: ["a: y: WARNING ()"], stale: [] });
    expect(judge(findings, [{ ...entry, scenario: "b" }]).unexpected).toHaveLength(2);
  });

  it("makes the entry stale by going away", () => {
    expect(judge([], [entry])).toEqual({ unexpected: [], stale: ["a: x"] });
  });

  it("is no success, and neither is what says nothing", () => {
    expect(successesOf(run({ a: { x: "FAILURE", y: "SUCCESS", z: "INFO" }, b: { y: "SUCCESS" } }))).toBe(2);
  });
});
