import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { Secret } from "../../core/secret.ts";
import { createScrape } from "./scrape.ts";

it("A72: no more than four scrapes at once: each holds its text until it is taken", async () => {
  const begun: (() => void)[] = [];
  const scrape = createScrape({
    metrics: { text: () => new Promise((resolve) => void begun.push(() => resolve("a 1\n"))) },
    admins: { byToken: () => Promise.resolve(null) },
    vault: { digest: (_purpose, token) => token.reveal() },
    metricsToken: new Secret("token"),
  });
  const server = createServer((request, response) => void scrape(request, response));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization: "Bearer token" } });
  const four = Array.from({ length: 4 }, ask);
  await expect.poll(() => begun.length).toBe(4);
  expect((await ask()).status).toBe(429);
  begun.forEach((finish) => finish());
  expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const again = ask();
  await expect.poll(() => begun.length).toBe(5);
  begun[4]?.();
  expect(await (await again).text()).toBe("a 1\n");
});
