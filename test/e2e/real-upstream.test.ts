import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../browser/chromium.ts";
import { startEverythingUpstream, type EverythingUpstream } from "../fixtures/everything-upstream.ts";
import { canaryValue } from "../helpers/canary.ts";
import { CLIENT_KINDS, connectClient, type ClientKind } from "../helpers/mcp-clients.ts";
import { linkIn } from "../helpers/person.ts";
import { startTestGateway, type TestGateway } from "../helpers/test-gateway.ts";

/*
 * The main job, with nothing of ours on either side of Keyward: a published server behind a published proxy that demands
 * a key, the official SDK clients, and a person at a real browser.
 */

const SAMPLE = canaryValue("admin-sample");

interface Person {
  readonly name: string;
  readonly value: string;
  keyId: string;
  key: string;
}

function person(name: string): Person {
  return { name, value: canaryValue(name), keyId: "", key: "" };
}

describe.skipIf(chromiumPath === null)("a published upstream that demands a key", () => {
  const people: Readonly<Record<ClientKind, Person>> = {
    "SDK v1": person("alice"),
    "SDK v2 legacy": person("bob"),
    "SDK v2 modern": person("carol"),
  };
  let upstream: EverythingUpstream;
  let gateway: TestGateway;
  let browser: Browser;

  beforeAll(async () => {
    upstream = await startEverythingUpstream([SAMPLE, ...Object.values(people).map(({ value }) => value)]);
    gateway = await startTestGateway();
    browser = await launchChromium();
    const serverId = await gateway.register("everything", upstream.url, SAMPLE);
    for (const each of Object.values(people)) {
      const { id, key } = await gateway.issueKey(each.name);
      each.keyId = id;
      each.key = key;
    }
    await gateway.grant(serverId, ...Object.values(people).map(({ keyId }) => keyId));
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await gateway.close();
    await upstream.close();
  });

  async function fillForm(url: string, { key, value }: Person): Promise<void> {
    const page = await browser.newPage();
    await page.goto(url);
    await page.getByRole("textbox").first().fill(key);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("X-API-Key", { exact: true }).fill(value);
    await page.getByRole("button", { name: "Verify and store" }).click();
    await page.getByText("The server refused a wrong value and accepted yours.").waitFor();
    await page.close();
  }

  it("was proven by the administrator's sample: a wrong key is refused", async () => {
    const { body } = await gateway.admin("GET", "/api/v1/servers?limit=10");
    expect(JSON.stringify(body)).toContain('"status":"ready"');
    const events = await gateway.admin("GET", "/api/v1/audit?action=server.created");
    expect(events.text).toContain('"verification":"proven"');
  });

  it.each(CLIENT_KINDS)(
    "%s: lists tools, gets the link, and after the form the call arrives with that key",
    async (kind) => {
      const who = people[kind];
      const client = await connectClient(kind, `${gateway.url}/mcp`, who.key);
      expect(await client.listTools()).toContain("everything-echo");

      const message = `message of ${who.name} by ${kind}`;
      const asked = await client.callTool("everything-echo", { message });
      expect(asked.isError).toBe(true);
      expect(asked.structured).toMatchObject({
        kind: "headers",
        server: "everything",
        url: linkIn(asked.text).url,
        required_fields: ["x-api-key"],
      });
      expect(upstream.log(who.value)).not.toContain(message);

      await fillForm(linkIn(asked.text).url, who);

      const answered = await client.callTool("everything-echo", { message });
      expect([answered.isError, answered.text]).toEqual([false, `Echo: ${message}`]);
      await client.close();

      // Each proxy accepts one key only, so its log says with which key a message came.
      expect(upstream.log(who.value)).toContain(message);
      for (const { value } of Object.values(people).filter((other) => other !== who)) {
        expect(upstream.log(value)).not.toContain(message);
      }
      expect(upstream.log(SAMPLE)).not.toContain(message);
    },
  );

  it.each(CLIENT_KINDS)("%s: works on the one-server endpoint, unprefixed", async (kind) => {
    const client = await connectClient(kind, `${gateway.url}/mcp/everything`, people[kind].key);
    expect(await client.listTools()).toContain("echo");
    const answered = await client.callTool("get-sum", { a: 19, b: 23 });
    expect([answered.isError, answered.text]).toEqual([false, expect.stringContaining("42")]);
    await client.close();
  });
});
