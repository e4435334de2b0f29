import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { useAdmin } from "./admin-visits.ts";
import { chromiumPath } from "./chromium.ts";
import { expectShown } from "./dashboard-visits.ts";
import { refused } from "./stub-dashboard.ts";

const CREATE = "POST /api/v1/servers";
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** Fills in everything up to the sample values. */
async function describeServer(page: Page): Promise<void> {
  await page.getByLabel("Address").fill("https://mcp.notes.example.com/mcp");
  await press(page, "Continue");
  await press(page, "Continue");
  await page.getByLabel("Header name").fill("Authorization");
  await page.getByRole("textbox", { name: "Label" }).fill("Token");
  await page.getByLabel("Template").fill("Bearer {value}");
  await press(page, "Continue");
  await page.getByLabel("Token", { exact: true }).fill("a-sample-value");
}

describe.skipIf(chromiumPath === null)("adding a server", () => {
  const visit = useAdmin();

  it("leads from the address to who may use it", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/new`);
    await page.getByLabel("Address").fill("https://mcp.notes.example.com/mcp");
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("notes");
    await describeServer(page);
    await press(page, "Add and verify");
    await expectShown(page.getByRole("heading", { name: "notes is added" }));
    await expectShown(page.getByText("The address answers, and it speaks MCP."));
    expect(sent(CREATE).map(({ body }) => body)).toEqual([
      {
        name: "notes",
        url: "https://mcp.notes.example.com/mcp",
        auth_type: "per_user_headers",
        header_schema: [
          {
            name: "Authorization",
            label: "Token",
            help: "",
            help_url: null,
            secret: true,
            required: true,
            pattern: null,
            pattern_hint: null,
            choices: null,
            template: "Bearer {value}",
          },
        ],
        sample_headers: { Authorization: "a-sample-value" },
      },
    ]);

    await press(page, "Continue");
    await press(page, "Give access");
    await page.getByRole("dialog").getByLabel("Engineering").check();
    await press(page, "Add 1");
    await press(page, "Save");
    await expectShown(page.getByText("notes is ready"));
    expect(sent("PUT /api/v1/servers/srv_new/grants").at(-1)?.body).toEqual({
      grants: [{ group: "grp_eng", tools: null }],
    });
    await expectShown(page.getByRole("link", { name: "Go to My connections" }));
  });

  it("says what is wrong where it is, and does not go on", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/new`);
    await press(page, "Continue");
    await expectShown(page.getByText("Enter the whole address, beginning with https://"));
    await page.getByLabel("Address").fill("https://mcp.notes.example.com/mcp");
    await page.getByLabel("Name", { exact: true }).fill("My-Notes");
    await press(page, "Continue");
    await expectShown(page.getByText("Use 1 to 32 characters of a-z, 0-9 and _, beginning with a letter."));
    await page.getByLabel("Name", { exact: true }).fill("notes");
    await press(page, "Continue");
    await press(page, "Continue");
    await press(page, "Continue");
    await expectShown(page.getByText("Enter the name of the header."));
    await page.getByLabel("Header name").fill("Host");
    await expectShown(page.getByText("The header host may not be declared"));
    expect(sent(CREATE)).toEqual([]);
  });

  it("says what went wrong and what to do, keeps what was typed, and leads to where it is put right", async () => {
    const { page, gateway, sent } = await visit();
    gateway.api.set(
      CREATE,
      refused(422, "upstream_rejected", "The server refused these values.", {
        step: "list_tools",
        steps: ["connect:ok", "list_tools:refused"],
      }),
    );
    await page.goto(`${gateway.origin}/servers/new`);
    await describeServer(page);
    await press(page, "Add and verify");
    await expectShown(page.getByText("The server refused the values", { exact: true }));
    await expectShown(page.getByText("The address answers, and it speaks MCP."));
    await expectShown(page.getByText("Nothing was stored."));
    await press(page, "Change the sample values");
    expect(await page.getByLabel("Token", { exact: true }).inputValue()).toBe("a-sample-value");
    gateway.api.delete(CREATE);
    await press(page, "Add and verify");
    await expectShown(page.getByRole("heading", { name: "notes is added" }));
    expect(sent(CREATE)).toHaveLength(2);
  });

  it("adds a server without a trial, which waits for one", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/new`);
    await describeServer(page);
    await press(page, "Add without trying");
    await expectShown(page.getByText("Not verified yet"));
    expect(JSON.stringify(sent(CREATE))).not.toContain("a-sample-value");
    await press(page, "Continue");
    await press(page, "Nobody yet");
    await expectShown(page.getByText("notes is added, but not verified yet"));
  });

  it("sends static headers alone for a server where all are the same", async () => {
    const { page, gateway, sent } = await visit();
    await page.goto(`${gateway.origin}/servers/new`);
    await page.getByLabel("Address").fill("https://mcp.notes.example.com/mcp");
    await press(page, "Continue");
    await page.getByLabel("With the same headers for everyone").check();
    await page.getByLabel("Header 1", { exact: true }).fill("X-Team-Key");
    await page.getByLabel("Value 1", { exact: true }).fill("team-1");
    await press(page, "Add and verify");
    await expectShown(page.getByRole("heading", { name: "notes is added" }));
    expect(sent(CREATE).at(-1)?.body).toEqual({
      name: "notes",
      url: "https://mcp.notes.example.com/mcp",
      auth_type: "headers",
      static_headers: { "X-Team-Key": "team-1" },
    });
  });

  it("goes back to steps that are done, until the server is there", async () => {
    const { page, gateway } = await visit({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${gateway.origin}/servers/new`);
    await describeServer(page);
    await page.getByRole("button", { name: "Keys (done)" }).click();
    await expectShown(page.getByRole("heading", { name: "How do callers prove who they are?" }));
    await press(page, "Continue");
    expect(await page.getByLabel("Header name").inputValue()).toBe("Authorization");
    await press(page, "Continue");
    await press(page, "Add and verify");
    await expectShown(page.getByRole("heading", { name: "notes is added" }));
    expect(await page.getByRole("button", { name: "Keys (done)" }).count()).toBe(0);
  });
});
