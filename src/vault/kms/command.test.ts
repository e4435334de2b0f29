import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../core/ports.ts";
import { CommandKeyEncryption } from "./command.ts";
import type { KeyContext } from "./key-encryption.ts";

/** Wraps with AES-256-GCM, as a KMS would, and breaks its lines as `base64` does. */
const GOOD = `
  import { createCipheriv, createDecipheriv } from "node:crypto";
  const question = Buffer.from(readFileSync(0, "latin1"), "base64");
  const key = Buffer.alloc(32, 7), iv = Buffer.alloc(12);
  let answer;
  if (operation === "wrap") {
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    answer = Buffer.concat([cipher.update(question), cipher.final(), cipher.getAuthTag()]);
  } else {
    const cipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 }).setAuthTag(question.subarray(-16));
    answer = Buffer.concat([cipher.update(question.subarray(0, -16)), cipher.final()]);
  }
  console.log(answer.toString("base64").replaceAll(/.{76}/g, "$&\\n"));
`;

/** Starts a process that inherits its standard output and never ends, and notes both process ids. */
const STARTS_ANOTHER = `
  import { spawn } from "node:child_process";
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: ["ignore", "inherit", "ignore"] });
  other.unref();
  writeFileSync("pids.new", JSON.stringify([process.pid, other.pid]));
  renameSync("pids.new", "pids");
`;

const key = randomBytes(32);
const context: KeyContext = { purpose: "data_key", deploymentId: "dep_one", keyId: "dk_one" };

let folder: string;
let timeouts: { readonly delayMs: number; readonly fire: () => void; isCancelled: boolean }[];

/** A clock that stands still until the test lets a timeout happen. */
const clock: Clock = {
  now: () => 0,
  schedule: (delayMs, task) => {
    const timeout = { delayMs, fire: task, isCancelled: false };
    timeouts.push(timeout);
    return () => {
      timeout.isCancelled = true;
    };
  },
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-key-command-"));
  timeouts = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A key command that runs this program in its own folder. */
function commandOf(program: string, ...args: readonly string[]): CommandKeyEncryption {
  const path = join(folder, "command.mjs");
  const head = `import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
    process.chdir(${JSON.stringify(folder)});
    const operation = process.argv.at(-1);`;
  writeFileSync(path, `${head}\n${program}`);
  return new CommandKeyEncryption([process.execPath, path, ...args], { clock });
}

function refusal(code: string, message: string): unknown {
  return expect.objectContaining({ code, message: expect.stringContaining(message) });
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A killed process that nobody has waited for still exists, as a zombie; in a container it may stay one. */
function isAlive(pid: number): boolean {
  if (!exists(pid)) {
    return false;
  }
  return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await delay(10);
  }
}

describe("a key command", () => {
  it("unwraps what it wrapped, for the same context", async () => {
    const kek = commandOf(GOOD);
    const wrapped = await kek.wrap(key, context);
    expect(Buffer.from(wrapped).includes(key)).toBe(false);
    expect(Buffer.from(await kek.unwrap(wrapped, context))).toEqual(key);
    expect(timeouts.map(({ delayMs, isCancelled }) => [delayMs, isCancelled])).toEqual([
      [10_000, true],
      [10_000, true],
    ]);
  });

  it.each([
    ["purpose", { purpose: "digest_key" }],
    ["deployment", { deploymentId: "dep_two" }],
    ["key id", { keyId: "dk_two" }],
  ] as const)("A22: does not unwrap for another %s, though the program knows of no context", async (_, change) => {
    const kek = commandOf(GOOD);
    const wrapped = await kek.wrap(key, context);
    await expect(kek.unwrap(wrapped, { ...context, ...change })).rejects.toThrow(refusal("encryption_key_wrong", ""));
  });

  it("is run without a shell, with the operation as its last argument and one line of base64 to read", async () => {
    const args = ["a b", "$(touch made)", "; touch made", "*"];
    const kek = commandOf(
      `writeFileSync("seen", JSON.stringify([process.argv.slice(2), readFileSync(0, "latin1")])); console.log("AAAA");`,
      ...args,
    );
    await kek.wrap(key, context);
    const [seenArgs, seenInput]: [string[], string] = JSON.parse(readFileSync(join(folder, "seen"), "utf8"));
    expect(seenArgs).toEqual([...args, "wrap"]);
    expect(seenInput).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
    expect(Buffer.from(seenInput, "base64").subarray(0, 32)).toEqual(key);
    expect(readdirSync(folder)).not.toContain("made");
  });

  it("has an id that is the same for the same command line only", () => {
    const idOf = (...argv: string[]): string => new CommandKeyEncryption(argv, { clock }).id;
    expect(idOf("kms", "a b")).toMatch(/^kekcmd_[0-9a-f]{16}$/);
    expect(idOf("kms", "a b")).toBe(idOf("kms", "a b"));
    expect(idOf("kms", "a b")).not.toBe(idOf("kms", "a", "b"));
  });

  it("A39: shows its id and nothing else when printed", () => {
    const kek = new CommandKeyEncryption(["kms", "argument"], { clock });
    expect(inspect(kek, { depth: 10, showHidden: true })).toBe(`CommandKeyEncryption { id: '${kek.id}' }`);
  });

  it.each([[[]], [[""]], [["kms\0"]], [["kms", "sk-canary\0"]]])(
    "is refused without a program that can be run (%#)",
    (argv) => {
      expect(() => new CommandKeyEncryption(argv, { clock })).toThrow(
        refusal("config_invalid", "The key command needs a program to run."),
      );
    },
  );

  it.each([0, -1, 1.5, Number.NaN, 300_001])("is refused with a timeout of %d ms", (timeoutMs) => {
    expect(() => new CommandKeyEncryption(["kms"], { clock, timeoutMs })).toThrow(refusal("config_invalid", "timeout"));
  });
});

describe("a key command that fails", () => {
  it("cannot be started: a configuration error, without its path", async () => {
    const kek = new CommandKeyEncryption([join(folder, "absent")], { clock });
    await expect(kek.wrap(key, context)).rejects.toThrow(refusal("config_invalid", "could not be started (ENOENT)"));
    expect(timeouts.map(({ isCancelled }) => isCancelled)).toEqual([true]);
  });

  it.each([
    ["exits with a status", "process.exit(3);", "failed to unwrap (exit status 3)"],
    ["exits with a status after a right answer", `${GOOD}; process.exitCode = 4;`, "failed to unwrap (exit status 4)"],
    [
      "dies of a signal",
      `process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);`,
      "failed to unwrap (SIGTERM)",
    ],
  ])("%s: unavailable, may be tried again", async (_, program, message) => {
    const wrapped = await commandOf(GOOD).wrap(key, context);
    const failure = commandOf(program).unwrap(wrapped, context);
    await expect(failure).rejects.toThrow(refusal("credential_store_unavailable", message));
    await expect(failure).rejects.toHaveProperty("isRetryable", true);
  });

  it("A65: is asked again the next time: a failure is not kept", async () => {
    const kek = commandOf(`
      if (!existsSync("failed")) { writeFileSync("failed", ""); process.exit(1); }
      console.log("AAAA");
    `);
    await expect(kek.wrap(key, context)).rejects.toThrow(refusal("credential_store_unavailable", "exit status 1"));
    expect(Buffer.from(await kek.wrap(key, context)).toString("base64")).toBe("AAAA");
  });

  it.each([
    ["text", `console.log("Access denied for sk-canary!");`],
    ["nothing", ""],
    ["base64 and more", `console.log("AAAA\\nwarning: done");`],
    ["bytes", "process.stdout.write(Buffer.from([0xff, 0xfe, 0x00]));"],
  ])("A65: answers with garbage (%s): refused without a word of it", async (_, program) => {
    const failure = commandOf(program).unwrap(key, context);
    await expect(failure).rejects.toThrow(
      refusal("encryption_key_invalid", "The key command's answer to unwrap is not base64."),
    );
  });

  it("A65: answers without end: killed and refused", async () => {
    const kek = commandOf(`
      const more = () => process.stdout.write("A".repeat(8192), more);
      more();
    `);
    await expect(kek.wrap(key, context)).rejects.toThrow(refusal("encryption_key_invalid", "longer than 65536 bytes"));
    await until(() => timeouts[0]?.isCancelled === true);
  });

  it.each([
    ["another key", 64],
    ["a key without its context", 32],
    ["a byte too few", 63],
    ["a byte too many", 65],
    ["one byte", 1],
  ])("A65: lies when it unwraps (%s): a wrong key", async (_, length) => {
    const lie = randomBytes(length).toString("base64");
    const kek = commandOf(`console.log(${JSON.stringify(lie)});`);
    await expect(kek.unwrap(key, context)).rejects.toThrow(refusal("encryption_key_wrong", ""));
  });

  it("A65: appends a byte to the right answer: a wrong key", async () => {
    const wrapped = await commandOf(GOOD).wrap(key, context);
    const longer = commandOf(GOOD.replace("cipher.final()]);\n  }", "cipher.final(), Buffer.alloc(1)]);\n  }"));
    await expect(longer.unwrap(wrapped, context)).rejects.toThrow(refusal("encryption_key_wrong", ""));
  });

  it("ends without reading its input: judged by its answer", async () => {
    const kek = commandOf(`console.log("AAAA"); process.stdin.destroy();`);
    const large = Buffer.alloc(1_000_000);
    expect(Buffer.from(await kek.wrap(large, context)).toString("base64")).toBe("AAAA");
  });

  it.each([
    ["stalls", true, `${STARTS_ANOTHER} setInterval(() => {}, 1000);`],
    ["ends, but leaves a process that keeps its output open", false, `${STARTS_ANOTHER} console.log("AAAA");`],
  ])("A65: %s: unavailable after the timeout, and all of it killed", async (_, stays, program) => {
    const failure = commandOf(program).unwrap(key, context);
    const outcome = failure.catch((error: unknown) => error);
    await until(() => existsSync(join(folder, "pids")));
    const pids: number[] = JSON.parse(readFileSync(join(folder, "pids"), "utf8"));
    // Gone for good only after Node has noticed its end.
    await until(() => stays || !exists(pids[0] ?? 0));
    expect(pids.map(isAlive)).toEqual([stays, true]);
    timeouts[0]?.fire();
    expect(await outcome).toEqual(refusal("credential_store_unavailable", "did not unwrap within 10000 ms"));
    await until(() => !pids.some(isAlive));
    await until(() => timeouts[0]?.isCancelled === true);
  });

  it("A37: writes to its standard error: it reaches neither the error nor our own output", () => {
    const hook = join(folder, "hook.mjs");
    writeFileSync(hook, `console.error("sk-canary"); process.exit(1);`);
    const caller = join(folder, "caller.mjs");
    writeFileSync(
      caller,
      `import { inspect } from "node:util";
       import { CommandKeyEncryption } from ${JSON.stringify(new URL("./command.ts", import.meta.url).href)};
       const clock = { now: () => 0, schedule: () => () => {} };
       const kek = new CommandKeyEncryption([process.execPath, ${JSON.stringify(hook)}], { clock });
       const context = { purpose: "data_key", deploymentId: "dep", keyId: "dk" };
       try { await kek.unwrap(new Uint8Array(32), context); }
       catch (error) { console.log(inspect(error, { depth: 10, showHidden: true })); }`,
    );
    const { stdout, stderr, status } = spawnSync(process.execPath, [caller], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout).toContain("failed to unwrap (exit status 1)");
    expect(stdout + stderr).not.toContain("sk-canary");
  });
});
