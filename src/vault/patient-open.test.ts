import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { KeywardError, type ErrorCode } from "../core/errors.ts";
import type { Clock, LogFields, Logger } from "../core/ports.ts";
import type { KeyStore } from "../core/key-port.ts";
import { openVaultPatiently } from "./patient-open.ts";

/** A start at which the store fails in a chosen way, on a clock that jumps to whatever is waited for. */
function start(fail: (attempt: number) => ErrorCode, attemptMs = 0) {
  const waited: number[] = [];
  const lines: [string, LogFields | undefined][] = [];
  let now = 1_000;
  let attempts = 0;
  const clock: Clock = {
    now: () => now,
    schedule: (delayMs, task) => {
      waited.push(delayMs);
      now += delayMs;
      setImmediate(task);
      return () => {};
    },
  };
  const note = (event: string, fields?: LogFields): void => void lines.push([event, fields]);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const listKeys = async () => {
    attempts += 1;
    now += attemptMs;
    throw new KeywardError(fail(attempts), { message: "The key command did not unwrap within 10000 ms." });
  };
  const keyStore: KeyStore = {
    deploymentId: async () => "dep_one",
    listKeys,
    readKeycheck: async () => null,
    hasSealedRows: async () => false,
    installKeys: async () => false,
  };
  const keyEncryption = { id: "kek_one", wrap: async () => new Uint8Array(), unwrap: async () => new Uint8Array() };
  const random = { bytes: (length: number) => randomBytes(length) };
  const opened = openVaultPatiently({ keyStore, keyEncryption, random, logger, clock });
  return { opened, waited, lines, attempts: () => attempts };
}

describe("A65: a gateway whose keys cannot be opened", () => {
  it("asks again for a minute, more and more seldom, and then ends with the last cause", async () => {
    const { opened, waited, lines } = start(() => "credential_store_unavailable");
    await expect(opened).rejects.toMatchObject({
      code: "credential_store_unavailable",
      message: "The key command did not unwrap within 10000 ms.",
    });
    expect(waited).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000, 10_000]);
    expect(lines[0]).toEqual([
      "vault_not_open_yet",
      { code: "credential_store_unavailable", kek_id: "kek_one", retry_in_ms: 1_000 },
    ]);
    expect(lines).toHaveLength(waited.length);
  });

  it("counts the time that a stalled command takes", async () => {
    const { opened, attempts } = start(() => "credential_store_unavailable", 10_000);
    await expect(opened).rejects.toMatchObject({ code: "credential_store_unavailable" });
    expect(attempts()).toBe(5);
  });

  it.each(["encryption_key_wrong", "encryption_key_invalid", "config_invalid", "store_unusable"] as const)(
    "ends at once for %s: waiting does not make it right",
    async (code) => {
      const { opened, waited } = start(() => code);
      await expect(opened).rejects.toMatchObject({ code });
      expect(waited).toEqual([]);
    },
  );

  it("keeps nothing of a failure: the answer of the next attempt counts", async () => {
    const { opened, waited } = start((attempt) => (attempt < 3 ? "credential_store_unavailable" : "store_unusable"));
    await expect(opened).rejects.toMatchObject({ code: "store_unusable" });
    expect(waited).toEqual([1_000, 2_000]);
  });
});
