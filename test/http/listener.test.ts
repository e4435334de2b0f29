import { getRequestListener } from "@hono/node-server";
import { createServer, request, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createScene, type Scene } from "./scene.ts";
import { ADMIN_TOKEN } from "./test-app.ts";

/* What only a real listener shows: how headers, paths and bodies arrive over the wire. */

async function listen(scene: Scene): Promise<number> {
  const listener = getRequestListener((incoming, { incoming: raw }) =>
    scene.app.fetch(incoming, {
      requestId: "req_wire",
      address: "127.0.0.1",
      rawPath: raw.url?.split("?", 1)[0] ?? "",
    }),
  );
  const server: Server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends bytes as they are. @returns the whole answer */
async function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...headers, "", ""].join("\r\n");
}

it("A11: two Authorization headers on the wire are a 401, although each alone would do", async () => {
  const scene = await createScene();
  const port = await listen(scene);
  const proof = `Authorization: Bearer ${scene.owner.key}`;
  expect(await exchange(port, get("/api/v1/me", proof))).toContain("200 OK");
  const twice = await exchange(port, get("/api/v1/me", proof, proof));
  expect(twice).toContain("401 Unauthorized");
  expect(twice).toContain(`"code":"ambiguous_credentials"`);
  const mixed = await exchange(port, get("/api/v1/me", proof, `authorization: Bearer ${ADMIN_TOKEN}`));
  expect(mixed).toContain(`"code":"ambiguous_credentials"`);
});

it("a path in disguise is no path", async () => {
  const scene = await createScene();
  const port = await listen(scene);
  const proof = `Authorization: Bearer ${scene.owner.key}`;
  for (const path of [
    "/api/v1/%6de",
    "/connect/../api/v1/me",
    "/connect/%2e%2e/api/v1/me",
    "//api/v1/me",
    "/api/v1/me%00",
  ]) {
    expect(await exchange(port, get(path, proof)), path).toContain("404 Not Found");
  }
});

it("a body without announced length is counted while it arrives, and cut off at the limit", async () => {
  const scene = await createScene();
  const port = await listen(scene);
  const send = (chunks: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" };
      const outgoing = request({ port, host: "127.0.0.1", method: "POST", path: "/api/v1/virtual-keys", headers });
      outgoing.on("response", (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      });
      outgoing.on("error", reject);
      outgoing.write(`{"name":"n"`);
      for (let count = 0; count < chunks; count += 1) {
        outgoing.write(" ".repeat(1024));
      }
      outgoing.end("}");
    });
  expect(await send(200)).toBe(201);
  expect(await send(300)).toBe(413);
});

it("a JSON body with its length announced is read", async () => {
  const scene = await createScene();
  const port = await listen(scene);
  const body = JSON.stringify({ name: "over the wire" });
  const answer = await exchange(
    port,
    [
      "POST /api/v1/virtual-keys HTTP/1.1",
      "Host: 127.0.0.1",
      "Connection: close",
      `Authorization: Bearer ${ADMIN_TOKEN}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "",
      body,
    ].join("\r\n"),
  );
  expect(answer).toContain("201 Created");
});
