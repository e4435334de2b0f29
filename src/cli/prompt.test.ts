import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import type { CliIo, TextInput } from "./io.ts";
import { askHidden } from "./prompt.ts";

/** A terminal that remembers, in order, what was done to it, and answers when it is asked. */
function terminal(answer: string): { readonly io: CliIo; readonly events: string[] } {
  const events: string[] = [];
  const stdin: PassThrough & TextInput = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => void events.push(isRaw ? "hides" : "shows"),
  });
  const stderr = {
    write(text: string) {
      events.push(text);
      if (text.endsWith(": ")) stdin.write(answer);
    },
  };
  const untilAskedToStop = (): Promise<void> => Promise.resolve();
  return { events, io: { stdin, stdout: stderr, stderr, env: {}, called: "keyward", untilAskedToStop } };
}

it("hides before it asks, so that what is pasted at once is not shown either, and shows again afterwards", async () => {
  const { io, events } = terminal("secret\r");
  expect(await askHidden(io, "Key")).toBe("secret");
  expect(events).toEqual(["hides", "Key: ", "shows", "\n"]);
});

it("shows again when the person gives up", async () => {
  const { io, events } = terminal("half\u0003");
  await expect(askHidden(io, "Key")).rejects.toThrow("Cancelled.");
  expect(events).toEqual(["hides", "Key: ", "shows", "\n"]);
});

it("takes a pasted text without the brackets that terminals put around it", async () => {
  const { io } = terminal("\u001b[200~sk-123\u001b[201~\r");
  expect(await askHidden(io, "Key")).toBe("sk-123");
});
