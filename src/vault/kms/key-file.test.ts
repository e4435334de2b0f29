import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as immediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Random } from "../../core/ports.ts";
import { generateKey, parseKeyText } from "../key-text.ts";
import { createKeyFile, readKeyFile } from "./key-file.ts";

const random: Random = { bytes: (length) => randomBytes(length) };

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-key-file-"));
  path = join(folder, "keyward.key");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function writeKeyFile(text: string, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

function refusal(code: string, message: RegExp): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(message) });
}

describe("reading a key file", () => {
  it.each([
    ["no newline", "text"],
    ["one newline", "text\n"],
    ["one Windows newline", "text\r\n"],
  ])("yields its text without one trailing newline: %s", async (_, content) => {
    writeKeyFile(content);
    expect((await readKeyFile(path)).reveal()).toBe("text");
  });

  it("leaves everything else to the parser", async () => {
    writeKeyFile(" text\n\n");
    expect((await readKeyFile(path)).reveal()).toBe(" text\n");
  });

  it.each([0o640, 0o604, 0o644, 0o660, 0o620, 0o601, 0o666])("refuses a file of mode %o", async (mode) => {
    writeKeyFile(generateKey(random), mode);
    await expect(readKeyFile(path)).rejects.toThrow(
      refusal("encryption_key_invalid", new RegExp(`mode ${mode.toString(8)}.*chmod 600`)),
    );
  });

  it("takes a file that even its owner may only read", async () => {
    writeKeyFile("text", 0o400);
    expect((await readKeyFile(path)).reveal()).toBe("text");
  });

  it("judges the file a symbolic link leads to, not the link", async () => {
    writeKeyFile("text", 0o644);
    const link = join(folder, "link");
    symlinkSync(path, link);
    await expect(readKeyFile(link)).rejects.toThrow(refusal("encryption_key_invalid", /mode 644/));
  });

  it("A24: says that the file is missing", async () => {
    await expect(readKeyFile(path)).rejects.toThrow(refusal("encryption_key_missing", /does not exist/));
  });

  it("refuses what is no regular file, and a file that is no key", async () => {
    await expect(readKeyFile(folder)).rejects.toThrow(refusal("encryption_key_invalid", /not a regular file/));
    await expect(readKeyFile("/dev/null")).rejects.toThrow(refusal("encryption_key_invalid", /not a regular file/));
    writeKeyFile("x".repeat(1025));
    await expect(readKeyFile(path)).rejects.toThrow(refusal("encryption_key_invalid", /has 1025 bytes/));
  });
});

describe("making a key file", () => {
  it("makes one that only its owner may read, with a fresh key", async () => {
    expect(await createKeyFile(path, random)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(parseKeyText(await readKeyFile(path), "key").symmetricKeySize).toBe(32);
    expect(readdirSync(folder)).toEqual(["keyward.key"]);
  });

  it("never replaces a file", async () => {
    writeKeyFile("the only key\n");
    expect(await createKeyFile(path, random)).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("the only key\n");
    expect(readdirSync(folder)).toEqual(["keyward.key"]);
  });

  it("lets one of many racers win, and shows all of them the winner's whole key", async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const isWinner = await createKeyFile(path, random);
        return { isWinner, text: readFileSync(path, "utf8") };
      }),
    );
    expect(seen.filter(({ isWinner }) => isWinner)).toHaveLength(1);
    expect(new Set(seen.map(({ text }) => text)).size).toBe(1);
    expect(seen[0]?.text).toHaveLength(45);
    expect(readdirSync(folder)).toEqual(["keyward.key"]);
  });

  it("never shows a part of one", async () => {
    const sizes = new Set<number | undefined>();
    const progress = { isMade: false };
    const watching = (async () => {
      while (!progress.isMade) {
        sizes.add(statSync(path, { throwIfNoEntry: false })?.size);
        await immediate();
      }
    })();
    await createKeyFile(path, random);
    progress.isMade = true;
    await watching;
    sizes.delete(undefined);
    sizes.add(statSync(path).size);
    expect([...sizes]).toEqual([45]);
  });

  it("says why it cannot, and leaves nothing behind", async () => {
    await expect(createKeyFile(join(folder, "absent", "keyward.key"), random)).rejects.toThrow(
      refusal("encryption_key_missing", /cannot be made \(ENOENT\)/),
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
