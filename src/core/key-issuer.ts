import type { Requester } from "./access.ts";
import { type Actor, entryOf } from "./audit.ts";
import type { ClientConnections } from "./client-connections.ts";
import { KeywardError } from "./errors.ts";
import { toPrintable } from "./printable.ts";
import type { Random, Vault } from "./ports.ts";
import type { Secret } from "./secret.ts";
import type { VirtualKeyStore } from "./virtual-key-port.ts";
import { mintId, mintToken } from "./token.ts";
import { VIRTUAL_KEY_PREFIX_LENGTH, type VirtualKey } from "./virtual-key.ts";

const MAX_NAME = 80;
const MAX_OVERLAP_MS = 30 * 24 * 60 * 60 * 1000;

interface VirtualKeyRequest {
  /** 1 to 80 printable characters. */
  readonly name: string;
  /** The user whom the key acts as; absent or null = it acts as itself. */
  readonly ownerUserId?: string | null;
  /** Milliseconds since the epoch, UTC; null = never. */
  readonly expiresAt: number | null;
  /** Calls per minute; null = no limit. */
  readonly rateLimitPerMinute: number | null;
}

/** A key with its secret, which is in this answer only. */
interface IssuedKey {
  readonly key: VirtualKey;
  readonly secret: Secret<string>;
}

export interface KeyIssuer {
  /**
   * Makes a virtual key. The key itself is in the answer, this once.
   * @throws KeywardError `invalid_request`; `user_not_found` when the owner does not exist
   */
  issue(request: VirtualKeyRequest, by: Requester): Promise<IssuedKey>;
  /**
   * Gives a key another secret. The old one works for `overlapMs` more, so that whoever uses it can be told; one that was
   * still in its own overlap stops at once.
   * @param overlapMs 0 to 30 days, in milliseconds; 0 = the old one stops at once, and so does what it holds open
   * @param onlyOwner whose key it must be; absent = anyone's
   * @throws KeywardError `virtual_key_not_found`, `invalid_request`
   */
  rotate(id: string, overlapMs: number, by: Requester, onlyOwner?: string): Promise<IssuedKey>;
}

export function createKeyIssuer(parts: {
  readonly store: Pick<VirtualKeyStore, "createVirtualKey" | "rotateVirtualKey">;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
  /** Absent = nobody is connected. */
  readonly connections?: Pick<ClientConnections, "review">;
}): KeyIssuer {
  const { store, vault, random, connections } = parts;

  function mintSecret() {
    const { secret } = mintToken("virtual_key", random);
    const prefix = secret.reveal().slice(0, VIRTUAL_KEY_PREFIX_LENGTH);
    return { secret, prefix, digest: vault.digest("virtual_key", secret) };
  }

  return {
    async issue(request, by) {
      const name = parseKeyName(request.name);
      const { secret, prefix, digest } = mintSecret();
      const id = mintId("vk", random);
      const { ownerUserId = null, expiresAt, rateLimitPerMinute } = request;
      const key = await store.createVirtualKey(
        {
          id,
          name,
          prefix,
          digest,
          ownerUserId,
          expiresAt,
          rateLimitPerMinute,
          isEnabled: true,
          createdBy: creatorOf(by.actor),
        },
        { ...entryOf(by, "virtual_key.created"), identity: { mode: "virtual_key", id }, detail: { name } },
      );
      return { key, secret };
    },

    async rotate(id, overlapMs, by, onlyOwner) {
      if (!Number.isInteger(overlapMs) || overlapMs < 0 || overlapMs > MAX_OVERLAP_MS) {
        throw new KeywardError("invalid_request", { message: "An overlap is 0 seconds to 30 days." });
      }
      const { secret, prefix, digest } = mintSecret();
      const entry = { ...entryOf(by, "virtual_key.rotated"), identity: { mode: "virtual_key", id } } as const;
      const key = await store.rotateVirtualKey(id, { digest, prefix }, overlapMs, entry, { onlyOwner });
      if (key === null) {
        throw new KeywardError("virtual_key_not_found");
      }
      connections?.review();
      return { key, secret };
    },
  };
}

/** Who may later open the key's links by signing in: the user or administrator who made it. */
function creatorOf(actor: Actor): string {
  switch (actor.kind) {
    case "admin":
      return actor.id;
    case "identity":
      return actor.identity.id;
    case "link":
    case "system":
      return actor.kind;
  }
}

/**
 * A key's name is shown to whoever opens one of its links.
 * @throws KeywardError `invalid_request`
 */
export function parseKeyName(text: string): string {
  const name = toPrintable(text, MAX_NAME);
  if (name === "" || name !== text) {
    throw new KeywardError("invalid_request", { message: `A key's name is 1 to ${MAX_NAME} printable characters.` });
  }
  return name;
}
