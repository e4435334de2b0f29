import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { connect, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { headerLines } from "./raw-headers.ts";

it("header lines are those that Node tells apart, in any letter case and number", async () => {
  let seen: IncomingMessage | undefined;
  const server = createServer((request, response) => {
    seen = request;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  const lines = ["Host: a", "HOST: b", "x-api-key: 1", "X-Api-Key: 2", "x-API-key:", "X-Api-Keys: 3", "Origin: null"];
  socket.write(`GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  await once(socket.resume(), "close");
  server.close();

  for (const name of ["host", "x-api-key", "x-api-keys", "origin", "authorization"]) {
    expect(headerLines(seen?.rawHeaders ?? [], name), name).toEqual(seen?.headersDistinct[name] ?? []);
  }
  expect(headerLines(seen?.rawHeaders ?? [], "x-api-key")).toEqual(["1", "2", ""]);
});
