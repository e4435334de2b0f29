import { describe, expect, it } from "vitest";
import { impactSentences, type Impact } from "../../web/dashboard/ui/impact-text.ts";

const NOBODY: Impact = { orphaned: 0, reactivated: 0, needs_update: 0, deleted: 0, people: 0 };

describe("what a change would do, said before it is made", () => {
  it("says nothing of nobody", () => {
    expect(impactSentences(NOBODY)).toEqual([]);
  });

  it("counts people where everybody has one connection", () => {
    expect(impactSentences({ ...NOBODY, needs_update: 37, people: 37 })).toEqual([
      "37 people will be asked for a new value.",
    ]);
    expect(impactSentences({ ...NOBODY, orphaned: 12, reactivated: 1, people: 13 })).toEqual([
      "12 people lose access. What they have stored is kept, unused, until access returns or the retention ends.",
      "1 person gets access again. What they have stored works at once.",
    ]);
    expect(impactSentences({ ...NOBODY, deleted: 1, people: 1 })).toEqual([
      "1 person loses what they have stored. It is deleted for good.",
    ]);
  });

  it("counts connections where somebody has several, and says whose they are", () => {
    expect(impactSentences({ ...NOBODY, deleted: 1400, people: 900 })).toEqual([
      "1,400 connections of 900 people are deleted for good.",
    ]);
    expect(impactSentences({ ...NOBODY, orphaned: 2, needs_update: 1, people: 1 })).toEqual([
      "2 connections of 1 person lose access. They are kept, unused, until access returns or the retention ends.",
      "1 connection of 1 person needs a new value.",
    ]);
  });
});
