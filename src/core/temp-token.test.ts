import { describe, expect, it } from "vitest";
import { HEADERS_AUTH_SCOPE, isRouteInScope } from "./temp-token.ts";

const FLOW = "flow_abc";

function isOpen(method: string, path: string, scope = HEADERS_AUTH_SCOPE): boolean {
  return isRouteInScope(scope, FLOW, { method, path });
}

describe("the scope of a link", () => {
  it("opens its own flow to look, to submit and to ask for the status", () => {
    expect(isOpen("GET", "/api/v1/flows/flow_abc")).toBe(true);
    expect(isOpen("PUT", "/api/v1/flows/flow_abc")).toBe(true);
    expect(isOpen("GET", "/api/v1/flows/flow_abc/status")).toBe(true);
  });

  it.each([
    ["another method", "DELETE", "/api/v1/flows/flow_abc"],
    ["another flow", "GET", "/api/v1/flows/flow_abd"],
    ["a put on the status", "PUT", "/api/v1/flows/flow_abc/status"],
    ["another resource", "GET", "/api/v1/credentials/flow_abc"],
    ["a trailing slash", "GET", "/api/v1/flows/flow_abc/"],
    ["an encoded traversal", "GET", "/api/v1/flows/flow_abc/..%2f..%2fservers"],
    ["an encoded slash", "GET", "/api/v1/flows%2fflow_abc"],
    ["a doubled slash", "GET", "/api/v1//flows/flow_abc"],
    ["another letter case", "GET", "/API/v1/flows/flow_abc"],
  ])("A05: does not open %s", (_what, method, path) => {
    expect(isOpen(method, path)).toBe(false);
  });

  it("A05: a scope that is not registered opens nothing", () => {
    expect(isOpen("GET", "/api/v1/flows/flow_abc", "oauth2_consent")).toBe(false);
    expect(isOpen("GET", "/api/v1/flows/flow_abc", "constructor")).toBe(false);
  });
});
