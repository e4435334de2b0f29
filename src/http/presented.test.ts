import { describe, expect, it } from "vitest";
import { isKeywardError } from "../core/errors.ts";
import { presentedBy } from "./presented.ts";

function outcome(headers: Readonly<Record<string, string>>): unknown {
  try {
    return presentedBy(new Headers(headers));
  } catch (error) {
    return isKeywardError(error) ? error.code : error;
  }
}

describe("what a request presents", () => {
  it("is read from one header, by its form", () => {
    expect(outcome({})).toEqual({ kind: "none" });
    expect(outcome({ authorization: "Bearer kw_abc" })).toEqual({ kind: "virtual_key", text: "kw_abc" });
    expect(outcome({ authorization: "bearer  kwa_abc" })).toEqual({ kind: "admin", text: "kwa_abc" });
    expect(outcome({ authorization: "Bearer configured" })).toEqual({ kind: "admin", text: "configured" });
    expect(outcome({ authorization: "Keyward-Temp-Token kwt_abc" })).toEqual({ kind: "temp_token", text: "kwt_abc" });
    expect(outcome({ "keyward-session": "a,b" })).toEqual({ kind: "session", text: "a,b" });
  });

  it("A05: a link token as bearer is no link, and a key as link token no key", () => {
    expect(outcome({ authorization: "Bearer kwt_abc" })).toEqual({ kind: "admin", text: "kwt_abc" });
    expect(outcome({ authorization: "Keyward-Temp-Token kw_abc" })).toEqual({ kind: "temp_token", text: "kw_abc" });
  });

  it.each(["", " ", "Bearer", "Bearer ", "kw_abc", "Basic abc", "Bearer a b", "Bearer\ta", "Bear=er abc"])(
    "A11: the malformed header %j is refused, not read as nothing",
    (authorization) => {
      expect(outcome({ authorization })).toBe("unauthenticated");
    },
  );

  it("A11: two of a kind or of two kinds are refused", () => {
    expect(outcome({ authorization: "Bearer kw_a, Bearer kw_b" })).toBe("ambiguous_credentials");
    expect(outcome({ authorization: "Bearer kw_a", "keyward-session": "b" })).toBe("ambiguous_credentials");
    expect(outcome({ authorization: "", "keyward-session": "b" })).toBe("ambiguous_credentials");
    expect(outcome({ "keyward-session": "a, b" })).toBe("ambiguous_credentials");
  });

  it("A10: an empty session is refused, not read as nothing", () => {
    expect(outcome({ "keyward-session": "" })).toBe("unauthenticated");
  });
});
