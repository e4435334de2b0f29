import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseServerName } from "../../core/server.ts";
import { exposeUri, splitExposedUri } from "./exposed-uri.ts";

const serverName = fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/).map(parseServerName);
const scheme = fc.stringMatching(/^[A-Za-z][A-Za-z0-9+.-]{0,15}$/);
const uri = fc.oneof(
  fc.webUrl(),
  fc.tuple(scheme, fc.string()).map(([head, rest]) => `${head}:${rest}`),
  fc.string({ minLength: 1 }),
);

describe("an exposed URI", () => {
  it("reads back as the server and the URI that it was made of", () => {
    fc.assert(
      fc.property(serverName, uri, (name, original) => {
        expect(splitExposedUri(exposeUri(name, original))).toEqual({ serverName: name, uri: original });
      }),
    );
  });

  it("is never the same for two servers or two URIs", () => {
    fc.assert(
      fc.property(serverName, uri, serverName, uri, (name, original, other, another) => {
        fc.pre(name !== other || original !== another);
        expect(exposeUri(name, original)).not.toBe(exposeUri(other, another));
      }),
    );
  });

  it("has a scheme as RFC 3986 wants it, which a URL parser leaves as it is", () => {
    fc.assert(
      fc.property(serverName, fc.stringMatching(/^[a-z][a-z0-9+.-]{0,15}$/), (name, lower) => {
        const exposed = exposeUri(name, `${lower}:///path/with%20space?q=1#f`);
        expect(exposed).toMatch(/^[A-Za-z][A-Za-z0-9+.-]*:/);
        expect(new URL(exposed).href).toBe(exposed);
      }),
    );
  });

  it("of a template expands to the exposed URI of what the template expands to", () => {
    const expand = (template: string) => template.replace("{+path}", "a/b");
    const template = "file:///{+path}";
    expect(expand(exposeUri("my_server", template))).toBe(exposeUri("my_server", expand(template)));
    expect(exposeUri("my_server", template)).toBe("my.server+file:///{+path}");
  });
});

it.each([
  "",
  "+",
  "+file:///x",
  "server+",
  "file:///x",
  "Server+file:///x",
  "my_server+file:///x",
  "a b+c:d",
  "1a+c:d",
])("%j is no exposed URI", (text) => {
  expect(splitExposedUri(text)).toBeNull();
});

it("text of any kind is never taken for an exposed URI that it is not", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const split = splitExposedUri(text);
      expect(split === null || exposeUri(split.serverName, split.uri) === text).toBe(true);
    }),
  );
});
