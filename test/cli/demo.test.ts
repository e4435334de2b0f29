import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import type { RunningGateway } from "../../src/cli/runtime.ts";
import { KeywardError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { createRuntime } from "../../src/server/runtime.ts";
import { runCommand } from "./run-command.ts";

const real = createRuntime();

const never = new Promise<void>(() => {});

interface Story {
  readonly steps: readonly { readonly title: string; readonly lines: readonly string[] }[];
}

const databaseFolder = (text: string): string => /\/\S*keyward-demo-\w+/.exec(text)?.[0] ?? "none was named";

it("A37: the demo plays the whole way with the real gateway, shows no secret whole, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await runCommand(["demo"], { runtime: real, stop: never });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const titles = stdout.match(/^ ?\d+\. .*$/gm) ?? [];
  expect(titles.map((title) => title.trim().split(". ")[0])).toEqual(titles.map((_, index) => String(index + 1)));
  expect(titles).toHaveLength(12);
  for (const told of [
    "the check is proven",
    "/connect/flow_",
    "stores nothing and says so",
    "Keyward holds that call",
    "The call that waited goes on by itself",
    "Tomorrow at alice's place",
    "Bob gets a link of his own",
    "credential.stored",
    "answered with a new link",
    "Nothing is left behind.",
    "npx keyward servers add <name> <url>",
  ]) {
    expect(stdout).toContain(told);
  }
  expect(stdout).not.toMatch(/demo-(?:alice|bob|admin)-\w|kw[ast]?_[\w-]{8}/);
  expect(existsSync(databaseFolder(stdout))).toBe(false);
});

it("the story for a program has the same steps, and the upstream saw one person's key in calls", async () => {
  const { code, stdout } = await runCommand(["demo", "--json"], { runtime: real, stop: never });
  expect(code).toBe(0);
  const { steps } = JSON.parse(stdout) as Story;
  expect(steps).toHaveLength(12);
  const seen = steps.find(({ title }) => title.startsWith("What the server itself saw"))?.lines ?? [];
  expect(seen.filter((line) => line.startsWith("tools/call"))).toEqual([expect.stringMatching(/alice$/)]);
  expect(seen.some((line) => line.endsWith("refused"))).toBe(true);
});

it("the demo uses nothing of the person's own configuration", async () => {
  const env = {
    KEYWARD_PORT: "not a port",
    KEYWARD_CONFIG: "/nonexistent.yaml",
    KEYWARD_URL: "http://nowhere.invalid",
  };
  expect((await runCommand(["demo", "--json"], { runtime: real, stop: never, env })).code).toBe(0);
});

it("a gateway that does not start ends the demo with 1 and its folder is gone", async () => {
  let folder = "";
  const { code, stderr } = await runCommand(["demo"], {
    stop: never,
    runtime: {
      serve: ({ flags }) => {
        folder = databaseFolder(flags["database_url"] ?? "");
        expect(existsSync(folder)).toBe(true);
        return Promise.reject(new KeywardError("store_unusable", { message: "The database cannot be used." }));
      },
    },
  });
  expect([code, stderr]).toEqual([1, "error: The database cannot be used. (store_unusable)\n"]);
  expect(existsSync(folder)).toBe(false);
});

it("a promise that does not hold ends the demo with 1, says which, and stops the gateway", async () => {
  const stopped: RunningGateway[] = [];
  const { code, stderr } = await runCommand(["demo"], {
    stop: never,
    runtime: {
      serve: async (options) => {
        const gateway = await real.serve(options);
        return {
          ...gateway,
          setupToken: null,
          stop: async () => {
            await gateway.stop();
            stopped.push(gateway);
          },
        };
      },
    },
  });
  expect(code).toBe(1);
  expect(stderr).toContain("a first start offers a setup token");
  expect(stopped).toHaveLength(1);
});

it("a setup token that is not the gateway's ends the demo with 1", async () => {
  const serve: typeof real.serve = async (options) => ({
    ...(await real.serve(options)),
    setupToken: new Secret("kws_no"),
  });
  const { code, stderr } = await runCommand(["demo"], { runtime: { serve }, stop: never });
  expect(code).toBe(1);
  expect(stderr).not.toContain("kws_no");
});

it("whoever stops the demo gets everything removed as well", async () => {
  let folder = "";
  const serve: typeof real.serve = (options) => {
    folder = databaseFolder(options.flags["database_url"] ?? "");
    return real.serve(options);
  };
  const { code, stderr } = await runCommand(["demo"], { runtime: { ...real, serve }, stop: Promise.resolve() });
  expect([code, stderr]).toEqual([1, "error: The demo was stopped.\n"]);
  expect([folder, existsSync(folder)]).toEqual([expect.stringContaining("keyward-demo-"), false]);
});
