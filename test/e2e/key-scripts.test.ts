import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/server/system.ts";
import { CommandKeyEncryption } from "../../src/vault/kms/command.ts";
import type { KeyContext } from "../../src/vault/kms/key-encryption.ts";

/*
 * The scripts of docs/keys.md, as they stand there, against stand-ins that take the arguments of `vault` and `aws` and
 * answer in their forms. What the services themselves do is not shown by this.
 */

const page = readFileSync(fileURLToPath(new URL("../../docs/keys.md", import.meta.url)), "utf8");
const context: KeyContext = { purpose: "data_key", deploymentId: "dep_one", keyId: "dk_one" };

/** `vault write -field=... transit/<operation>/keyward <name>=-` */
const VAULT = `
const [write, field, path, input, ...more] = process.argv.slice(2);
const operation = /^transit\\/(encrypt|decrypt)\\/keyward$/.exec(path)?.[1];
const [from, to] = operation === "encrypt" ? ["plaintext", "ciphertext"] : ["ciphertext", "plaintext"];
if (write !== "write" || more.length > 0 || field !== "-field=" + to || input !== from + "=-") process.exit(64);
const text = readFileSync(0, "latin1");
if (operation === "encrypt") console.log("vault:v1:" + flip(Buffer.from(text, "base64")).toString("base64"));
else if (text.startsWith("vault:v1:")) console.log(flip(Buffer.from(text.slice(9), "base64")).toString("base64"));
else process.exit(2);
`;

/** `aws kms encrypt|decrypt`, with bytes on standard input */
const AWS = `
const [kms, operation, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(Array.from({ length: rest.length / 2 }, (_, n) => [rest[2 * n], rest[2 * n + 1]]));
const [input, query] = operation === "encrypt" ? ["--plaintext", "CiphertextBlob"] : ["--ciphertext-blob", "Plaintext"];
const expected = { "--key-id": "alias/keyward", "--encryption-context": "service=keyward", [input]: "fileb:///dev/stdin", "--query": query, "--output": "text" };
if (kms !== "kms" || JSON.stringify(options) !== JSON.stringify(expected)) process.exit(252);
console.log(flip(readFileSync(0)).toString("base64"));
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyward-scripts-"));
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"] ?? ""}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function install(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function standIn(name: string, program: string): void {
  const head = `const { readFileSync } = require("node:fs");\nconst flip = (bytes) => Buffer.from(bytes.map((byte) => byte ^ 90));`;
  install(name, `#!${process.execPath}\n${head}\n${program}`);
}

/** The script below a heading of the page. */
function scriptOf(name: string): string {
  const script = [...page.matchAll(/^```sh\n(#!\/bin\/sh\n[\s\S]*?)^```$/gm)].find(([, text]) =>
    text?.includes(`# ${name}:`),
  );
  return install(name, script?.[1] ?? "");
}

describe.each([
  ["keyward-transit", "vault", VAULT, []],
  ["keyward-aws-kms", "aws", AWS, ["alias/keyward"]],
])("the script %s of docs/keys.md", (name, service, program, args) => {
  it("wraps and unwraps any key", async () => {
    standIn(service, program);
    const kek = new CommandKeyEncryption([scriptOf(name), ...args], { clock: systemClock });
    for (const key of [randomBytes(32), Buffer.alloc(32), Buffer.alloc(32, 255)]) {
      const wrapped = await kek.wrap(key, context);
      expect(Buffer.from(wrapped).includes(key)).toBe(false);
      expect(Buffer.from(await kek.unwrap(wrapped, context))).toEqual(key);
    }
  });

  it("A65: fails when the service does, so that a start waits for it", async () => {
    standIn(service, program);
    const script = scriptOf(name);
    const wrapped = await new CommandKeyEncryption([script, ...args], { clock: systemClock }).wrap(
      randomBytes(32),
      context,
    );
    standIn(service, "process.exit(1);");
    const kek = new CommandKeyEncryption([script, ...args], { clock: systemClock });
    for (const attempt of [kek.wrap(randomBytes(32), context), kek.unwrap(wrapped, context)]) {
      await expect(attempt).rejects.toMatchObject({ code: "credential_store_unavailable", isRetryable: true });
    }
  });
});
