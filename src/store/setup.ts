import { timingSafeEqual } from "node:crypto";
import type { Tx } from "./engine.ts";
import { readSetting, SETUP_DIGEST, SETUP_DONE, writeSetting } from "./settings.ts";

/**
 * Uses up the setup token, whichever way setup is done. The transaction holds the write lock: of any number of racers over
 * both ways, one finds the token.
 * @returns whether it was the one on offer
 */
export async function useUpSetup(tx: Tx, setupDigest: string): Promise<boolean> {
  const offered = await readSetting(tx.db, SETUP_DIGEST);
  if (offered === null || !isSame(offered, setupDigest)) {
    return false;
  }
  await tx.db.deleteFrom("settings").where("key", "=", SETUP_DIGEST).execute();
  await writeSetting(tx, SETUP_DONE, "1");
  return true;
}

function isSame(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)];
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}
