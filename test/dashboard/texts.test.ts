import { describe, expect, it } from "vitest";
import { ERROR_TABLE } from "../../src/core/errors.ts";
import { emailProblem, nameProblem, passwordProblem } from "../../web/dashboard/app/account-rules.ts";
import { expiryOf } from "../../web/dashboard/pages/keys/expiry.ts";
import { keyState } from "../../web/dashboard/pages/keys/key-state.ts";
import { limitOf, limitProblem } from "../../web/dashboard/pages/keys/limit.ts";
import { signInProblem } from "../../web/dashboard/pages/sign-in/sign-in-problem.ts";
import { timeFromNow } from "../../web/dashboard/ui/time-text.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

describe("times", () => {
  it.each([
    [0, "just now"],
    [-59_000, "just now"],
    [30_000, "just now"],
    [-MINUTE, "1 minute ago"],
    [-59.9 * MINUTE, "59 minutes ago"],
    [-60 * MINUTE, "1 hour ago"],
    [-DAY, "1 day ago"],
    [-45 * DAY, "1 month ago"],
    [-800 * DAY, "2 years ago"],
    [23 * 60 * MINUTE, "in 23 hours"],
    [7 * DAY, "in 7 days"],
  ])("%d ms from now is %j", (distance, text) => {
    expect(timeFromNow(NOW + distance, NOW)).toBe(text);
  });
});

describe("forms say what the API would refuse", () => {
  it("passwords", () => {
    expect(ERROR_TABLE.invalid_password.message).toContain("12 to 128");
    expect([11, 12, 128, 129].map((length) => passwordProblem("x".repeat(length)) === undefined)).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("names and addresses", () => {
    expect([nameProblem(" "), emailProblem("ada"), emailProblem("")].every((problem) => problem !== undefined)).toBe(
      true,
    );
    expect([nameProblem("Ada"), emailProblem(" ada@example.com ")]).toEqual([undefined, undefined]);
  });

  it("limits", () => {
    expect(["", "1", " 60 ", "1000000"].map(limitProblem)).toEqual([undefined, undefined, undefined, undefined]);
    expect(["0", "-1", "1.5", "many", "1000001"].filter((text) => limitProblem(text) === undefined)).toEqual([]);
    expect(["", "60"].map(limitOf)).toEqual([null, 60]);
  });
});

it("a key is disabled before it is expired, and expired from the very moment on", () => {
  expect(keyState({ enabled: true, expires_at: null }, NOW)).toBe("active");
  expect(keyState({ enabled: true, expires_at: NOW + 1 }, NOW)).toBe("active");
  expect(keyState({ enabled: true, expires_at: NOW }, NOW)).toBe("expired");
  expect(keyState({ enabled: false, expires_at: NOW }, NOW)).toBe("disabled");
  expect([expiryOf("never", NOW), expiryOf("30", NOW)]).toEqual([null, NOW + 30 * DAY]);
});

it("single sign-on that ended badly is told in sentences of our own, each code in one", () => {
  expect(signInProblem(null)).toBeNull();
  const codes = ["sso_denied", "sso_expired", "sso_unavailable", "sso_email_unverified", "sso_not_allowed"];
  const told = [...codes, "sso_account_exists", "sso_disabled", "sso_failed"].map(signInProblem);
  expect(new Set(told).size).toBe(8);
  expect(["constructor", "<b>", "anything"].map(signInProblem)).toEqual(Array(3).fill(signInProblem("sso_failed")));
});
