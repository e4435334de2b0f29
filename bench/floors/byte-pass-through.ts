import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Dispatcher, Pool } from "undici";
import { expectedKey, KEY_HEADER } from "../calls.ts";
import { answerParent, startArguments } from "../measured.ts";

/*
 * The floor: what any gateway on node:http and undici has to do at the least. It passes requests and answers through,
 * looks into neither, and adds one fixed header. A small body that arrived whole is sent on as one buffer, which costs
 * less than a stream.
 */

// RFC 9110 section 7.6.1: these belong to one connection. `expect` is answered by node:http itself.
const OF_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "expect"]);

/** Streams an answer on as it comes. */
class PassedOn implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  // undici takes an object without this method for a handler of its older interface.
  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[]>,
  ): void {
    delete headers["connection"];
    delete headers["keep-alive"];
    delete headers["transfer-encoding"];
    this.#response.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (this.#response.headersSent) {
      this.#response.destroy();
    } else {
      this.#response.writeHead(502).end();
    }
  }
}

const { upstream } = await startArguments<{ readonly upstream: string }>();
const pool = new Pool(new URL(upstream).origin, { connections: 256, pipelining: 1 });
const addedHeader = [KEY_HEADER, expectedKey("floor")];

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const headers: string[] = [...addedHeader];
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      if (!OF_CONNECTION.has(name) && name !== KEY_HEADER && name !== "host") {
        headers.push(name, rawHeaders[i + 1] as string);
      }
    }
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    pool.dispatch(
      { path: request.url ?? "/", method: request.method as Dispatcher.HttpMethod, headers, body },
      new PassedOn(response),
    );
  });
});
server.listen(0, "127.0.0.1", () => {
  answerParent({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
