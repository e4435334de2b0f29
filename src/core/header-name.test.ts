import { describe, expect, it } from "vitest";
import { KeywardError } from "./errors.ts";
import { parseHeaderName } from "./header-name.ts";
import { parseHeaderSchema } from "./header-schema.ts";

const RESERVED = [
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "http2-settings",
  "proxy-authorization",
  "proxy-connection",
  "mcp-session-id",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "mcp-param-region",
  "last-event-id",
  "accept",
  "content-type",
  "content-encoding",
  "accept-encoding",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-real-ip",
  "via",
  "origin",
  "referer",
  "sec-fetch-site",
  "cf-connecting-ip",
  "traceparent",
  "tracestate",
  "baggage",
  "cookie",
  "set-cookie",
  "keyward-session",
];

describe("header names", () => {
  it.each(RESERVED)("A32: refuses the reserved name %s in any case", (name) => {
    for (const spelling of [name, name.toUpperCase(), name.replace(/^./, (first) => first.toUpperCase())]) {
      expect(() => parseHeaderName(spelling)).toThrow(KeywardError);
    }
  });

  it.each([
    ["a space", "x api"],
    ["an outer space", " x-api"],
    ["a colon", "x-api:"],
    ["a line break", "x-api\r\nhost"],
    ["NUL", "x\u0000"],
    ["an underscore twin", "x_api_key"],
    ["a prototype name, which has underscores", "__proto__"],
    ["a letter outside ASCII", "x-ąpi"],
    ["65 characters", "x".repeat(65)],
    ["nothing", ""],
  ])("A32: refuses a name with %s", (_what, name) => {
    expect(() => parseHeaderName(name)).toThrow(KeywardError);
  });

  it("A32: takes `constructor` for an ordinary name and looks nothing up on a prototype", () => {
    expect(parseHeaderName("Constructor")).toBe("constructor");
  });

  it("A32: refuses two names that differ by case only", () => {
    expect(() => parseHeaderSchema([{ name: "X-Key" }, { name: "x-key" }])).toThrow(/declared twice/);
  });

  it("accepts the names that servers use, lower-cased", () => {
    for (const name of ["Authorization", "X-API-Key", "PRIVATE-TOKEN", "x-tenant-id"]) {
      expect(parseHeaderName(name)).toBe(name.toLowerCase());
    }
  });
});
