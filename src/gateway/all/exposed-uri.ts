/*
 * On `/mcp` a resource is named by its server's URI behind the server's name: `file:///x` of the server `my_server` is
 * `my.server+file:///x`. A scheme may hold dots and plus signs, but no underscore (RFC 3986, 3.1), and a server's name
 * holds no dot and no plus sign: so what is exposed is a URI as far as the original is one, and reads back in one way.
 */

const SERVER = /^[a-z][a-z0-9.]{0,31}$/;

/** @param uri of a resource, or a template of URIs: it stays one, since no variable is touched */
export function exposeUri(serverName: string, uri: string): string {
  return `${serverName.replaceAll("_", ".")}+${uri}`;
}

/** The first plus sign ends the server's name. @returns null for what `exposeUri` did not make */
export function splitExposedUri(exposed: string): { readonly serverName: string; readonly uri: string } | null {
  const plus = exposed.indexOf("+");
  const server = exposed.slice(0, Math.max(plus, 0));
  const uri = exposed.slice(plus + 1);
  return SERVER.test(server) && uri !== "" ? { serverName: server.replaceAll(".", "_"), uri } : null;
}
