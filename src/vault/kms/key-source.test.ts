import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock, Random } from "../../core/ports.ts";
import { Secret } from "../../core/secret.ts";
import { generateKey } from "../key-text.ts";
import { openKeySource } from "./key-source.ts";
import { LocalKeyEncryption } from "./local.ts";

const random: Random = { bytes: (length) => randomBytes(length) };
const clock: Clock = { now: () => 0, schedule: () => () => {} };
const ports = { random, clock };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-key-source-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function refusal(code: string, message: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

describe("the source of the key-encryption key", () => {
  const text = generateKey(random);
  const idOfText = new LocalKeyEncryption(createSecretKey(text, "base64"), random).id;

  it("may be the key itself or a file, and both give the same key", async () => {
    const file = join(folder, "key");
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    expect((await openKeySource({ key: new Secret(text) }, ports)).id).toBe(idOfText);
    expect((await openKeySource({ file }, ports)).id).toBe(idOfText);
  });

  it("may be a command", async () => {
    expect((await openKeySource({ command: ["kms-hook", "--key", "one"] }, ports)).id).toMatch(/^kekcmd_[0-9a-f]{16}$/);
  });

  it("A24: without one nothing starts", async () => {
    await expect(openKeySource({}, ports)).rejects.toThrow(
      refusal(
        "encryption_key_missing",
        "Set one of KEYWARD_ENCRYPTION_KEY, KEYWARD_ENCRYPTION_KEY_FILE, KEYWARD_ENCRYPTION_KEY_COMMAND.",
      ),
    );
  });

  it.each([
    [{ key: new Secret(text), file: "/key" }, "KEYWARD_ENCRYPTION_KEY, KEYWARD_ENCRYPTION_KEY_FILE."],
    [{ key: new Secret(text), command: ["x"] }, "KEYWARD_ENCRYPTION_KEY, KEYWARD_ENCRYPTION_KEY_COMMAND."],
    [{ file: "/key", command: ["x"] }, "KEYWARD_ENCRYPTION_KEY_FILE, KEYWARD_ENCRYPTION_KEY_COMMAND."],
  ])("A24: with two of them nothing starts (%#)", async (sources, named) => {
    await expect(openKeySource(sources, ports)).rejects.toThrow(refusal("config_invalid", `Set only one of ${named}`));
  });

  it("A24: an empty key is a wrong key, not an absent one", async () => {
    await expect(openKeySource({ key: new Secret("") }, ports)).rejects.toThrow(
      refusal("encryption_key_invalid", "KEYWARD_ENCRYPTION_KEY has 0 bytes"),
    );
  });

  it("A24: a key of 31 bytes is refused, from the setting and from a file", async () => {
    const short = randomBytes(31).toString("base64");
    const file = join(folder, "short");
    writeFileSync(file, short, { mode: 0o600 });
    await expect(openKeySource({ key: new Secret(short) }, ports)).rejects.toThrow(
      refusal("encryption_key_invalid", "KEYWARD_ENCRYPTION_KEY has 31 bytes"),
    );
    await expect(openKeySource({ file }, ports)).rejects.toThrow(
      refusal("encryption_key_invalid", `The key file ${file} has 31 bytes`),
    );
  });
});
