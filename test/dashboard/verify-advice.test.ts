import { describe, expect, it } from "vitest";
import { ERROR_TABLE } from "../../src/core/errors.ts";
import { STEP_PROOFS, VERIFY_STEPS } from "../../src/core/verification.ts";
import { ApiFailure, type ApiErrorCode } from "../../src/client/client.ts";
import { adviceOf } from "../../web/dashboard/parts/verify/verify-advice.ts";
import { PROOF_TEXT, stepsOfWords } from "../../web/dashboard/parts/verify/step-text.ts";
import { stepsOf } from "../../src/upstream/verify-steps.ts";

const failure = (code: ApiErrorCode, details = {}) =>
  new ApiFailure(ERROR_TABLE[code].status, { code, message: ERROR_TABLE[code].message, details });

describe("a verification that went wrong", () => {
  it.each([
    ["upstream_rejected", "sample"],
    ["upstream_not_allowed", "address"],
    ["upstream_url_invalid", "address"],
    ["upstream_redirected", "address"],
    ["upstream_protocol", "address"],
    ["upstream_unreachable", "address"],
    ["name_taken", "address"],
    ["missing_header_values", "sample"],
    ["invalid_header_schema", "fields"],
  ] as const)("%s: says what to do, and where", (code, place) => {
    const advice = adviceOf(failure(code));
    expect(advice.place).toBe(place);
    expect(advice.what.length).toBeGreaterThan(20);
  });

  it("says at which step the values were refused", () => {
    expect(adviceOf(failure("upstream_rejected", { step: "list_tools" })).what).toContain("asked for the tools");
  });
});

describe("the steps of a verification", () => {
  const server = { verification: { probeTool: null, hasNegativeControl: true } };
  const probed = { verification: { probeTool: { name: "whoami", arguments: {} }, hasNegativeControl: true } };

  it("have words for everything that the gateway says they prove", () => {
    const ends = [
      { kind: "accepted" } as const,
      ...(["connect", "list_tools", "probe_tool"] as const).flatMap((step) => [
        { kind: "rejected", step } as const,
        { kind: "unknown", step } as const,
      ]),
    ];
    const shown = ends.flatMap((end) =>
      (["refused", "accepted", "unknown", "skipped"] as const).flatMap((control) => [
        ...stepsOf(end, server, control),
        ...stepsOf(end, probed, control),
      ]),
    );
    for (const { step, outcome, proves } of shown) {
      expect(PROOF_TEXT[step][outcome === "skipped" ? "skipped" : proves], `${step} ${outcome} ${proves}`).toBeTypeOf(
        "string",
      );
    }
    expect(new Set(shown.map(({ proves }) => proves))).toEqual(new Set(STEP_PROOFS));
  });

  it("are read from an error, as far as it came", () => {
    expect(stepsOfWords(["connect:ok", "list_tools:refused"])).toEqual([
      { step: "connect", outcome: "ok", proves: "speaks_mcp" },
      { step: "list_tools", outcome: "refused", proves: "values_refused" },
    ]);
    expect(stepsOfWords(["elsewhere:ok"])).toEqual([]);
    expect(stepsOfWords(undefined)).toEqual([]);
    expect(Object.keys(PROOF_TEXT)).toEqual(VERIFY_STEPS);
  });
});
