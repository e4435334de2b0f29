import fc from "fast-check";
import { expect, it } from "vitest";
import { isElsewhere, localPath } from "../../web/dashboard/app/local-path.ts";

const HERE = "https://keys.example.com";

it("what follows a sign-in is a path of this gateway, whatever `next` says", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc
      .tuple(fc.constantFrom("/", "//", "/\\", "\\/", "/\t/", "/%2f", "https:", "javascript:"), fc.string())
      .map(([start, rest]) => start + rest),
  );
  fc.assert(
    fc.property(hostile, (next) => {
      const path = localPath(next);
      expect(path.startsWith("/")).toBe(true);
      expect(new URL(path, HERE).origin).toBe(HERE);
    }),
  );
});

it("keeps paths with their query, and takes the first page for everything else", () => {
  expect(localPath("/connect/flow_1")).toBe("/connect/flow_1");
  expect(localPath("/audit?action=sign_in.failed&since=1")).toBe("/audit?action=sign_in.failed&since=1");
  for (const next of [null, "", "keys", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/a\\b"]) {
    expect(localPath(next)).toBe("/");
  }
});

it("knows what is no page of the dashboard", () => {
  expect(["/connect/x", "/oauth/authorize?a=b", "/api/v1/sso"].map(isElsewhere)).toEqual([true, true, true]);
  expect(["/", "/connections", "/connect-a-client", "/consent/x"].map(isElsewhere)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
