import type { Requester } from "./access.ts";
import { KeywardError } from "./errors.ts";
import { toPrintable } from "./printable.ts";
import type { Random, Vault } from "./ports.ts";
import type { Secret } from "./secret.ts";
import type { VirtualKeyStore } from "./store-port.ts";
import { mintId, mintToken } from "./token.ts";
import { VIRTUAL_KEY_PREFIX_LENGTH, type VirtualKey } from "./virtual-key.ts";

const MAX_NAME = 80;

interface VirtualKeyRequest {
  /** 1 to 80 printable characters. */
  readonly name: string;
  /** Milliseconds since the epoch, UTC; null = never. */
  readonly expiresAt: number | null;
  /** Calls per minute; null = no limit. */
  readonly rateLimitPerMinute: number | null;
}

export interface KeyIssuer {
  /**
   * Makes a virtual key. The key itself is in the answer, this once.
   * @throws KeywardError `invalid_request`
   */
  issue(
    request: VirtualKeyRequest,
    by: Requester,
  ): Promise<{ readonly key: VirtualKey; readonly secret: Secret<string> }>;
}

export function createKeyIssuer(parts: {
  readonly store: Pick<VirtualKeyStore, "createVirtualKey">;
  readonly vault: Pick<Vault, "digest">;
  readonly random: Random;
}): KeyIssuer {
  return {
    async issue(request, by) {
      const name = toPrintable(request.name, MAX_NAME);
      if (name === "" || name !== request.name) {
        throw new KeywardError("invalid_request", {
          message: `A key's name is 1 to ${MAX_NAME} printable characters.`,
        });
      }
      const { secret } = mintToken("virtual_key", parts.random);
      const id = mintId("vk", parts.random);
      const key = await parts.store.createVirtualKey(
        {
          ...request,
          id,
          prefix: secret.reveal().slice(0, VIRTUAL_KEY_PREFIX_LENGTH),
          ownerUserId: null,
          isEnabled: true,
          createdBy: by.actor.kind === "admin" ? by.actor.id : by.actor.kind,
          digest: parts.vault.digest("virtual_key", secret),
        },
        {
          ...by.origin,
          actor: by.actor,
          action: "virtual_key.created",
          outcome: "ok",
          identity: { mode: "virtual_key", id },
          detail: { name },
        },
      );
      return { key, secret };
    },
  };
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
