import { describe, expect, it } from "vitest";
import type { AuthRequired } from "../../core/auth-required.ts";
import { authRequiredResult } from "./text-result.ts";
import { canOpenUrls, elicitationComplete, inputRequiredResult, urlElicitationError } from "./url-elicitation.ts";

function requiredFor(server: string): AuthRequired {
  return {
    kind: "headers",
    server,
    reason: "missing",
    url: `https://keyward.example/connect/flow_${server}`,
    expiresAt: 1_785_000_000_000,
    requiredFields: ["x-api-key"],
    serverId: `srv_${server}`,
    flowId: `flow_${server}`,
    displayNames: ["X-API-Key"],
  };
}

const [notes, tracker] = [requiredFor("notes"), requiredFor("tracker")];

describe("a client opens URLs", () => {
  it.each([
    [{ elicitation: { form: {}, url: {} } }, true],
    [{ elicitation: { url: {} } }, true],
    [{ elicitation: {} }, false],
    [{ elicitation: { form: {} } }, false],
    [{ elicitation: { url: true } }, false],
    [{ elicitation: [] }, false],
    [{}, false],
  ])("when it says so and not otherwise: %j", (capabilities, expected) => {
    expect(canOpenUrls(capabilities)).toBe(expected);
  });
});

describe("an answer that asks for keys", () => {
  it("of 2026-07-28 has one input request for each server, and no elicitation id", () => {
    const result = inputRequiredResult([notes, tracker], "state");
    expect(result).toEqual({
      resultType: "input_required",
      inputRequests: {
        notes: { method: "elicitation/create", params: { mode: "url", message: expect.any(String), url: notes.url } },
        tracker: {
          method: "elicitation/create",
          params: { mode: "url", message: expect.any(String), url: tracker.url },
        },
      },
      requestState: "state",
    });
  });

  it("of 2025-11-25 is the error -32042, with an id for each and the URLs in the message too", () => {
    const answer = urlElicitationError([notes, tracker]);
    expect(answer).toMatchObject({
      kind: "error",
      error: {
        code: -32_042,
        data: {
          elicitations: [
            { mode: "url", elicitationId: "flow_notes", url: notes.url, message: expect.stringContaining("notes") },
            {
              mode: "url",
              elicitationId: "flow_tracker",
              url: tracker.url,
              message: expect.stringContaining("tracker"),
            },
          ],
        },
      },
    });
    const text = answer.kind === "error" ? answer.error.message : "";
    expect([text.includes(notes.url), text.includes(tracker.url)]).toEqual([true, true]);
    expect(elicitationComplete("flow_notes")).toEqual({
      jsonrpc: "2.0",
      method: "notifications/elicitation/complete",
      params: { elicitationId: "flow_notes" },
    });
  });

  it("as text has every link, the first payload where a single one is, and all of them beside it", () => {
    const one = authRequiredResult([notes], undefined);
    const payload = { kind: "headers", server: "notes", url: notes.url, reason: "missing" };
    expect(one["structuredContent"]).toMatchObject(payload);
    expect(one["_meta"]).toEqual({ "keyward/auth-required": one["structuredContent"] });
    const several = authRequiredResult([notes, tracker], undefined);
    const text = JSON.stringify(several["content"]);
    expect([text.includes(notes.url), text.includes(tracker.url)]).toEqual([true, true]);
    expect(several["structuredContent"]).toEqual(one["structuredContent"]);
    expect(several["_meta"]).toEqual({
      "keyward/auth-required": one["structuredContent"],
      "keyward/auth-required-all": [
        one["structuredContent"],
        expect.objectContaining({ server: "tracker", url: tracker.url }),
      ],
    });
    expect(authRequiredResult([notes], { outputSchema: {} })).not.toHaveProperty("structuredContent");
  });
});
