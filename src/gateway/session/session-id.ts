import { type Identity, identityKey } from "../../core/identity.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import type { Clock, Random, Vault } from "../../core/ports.ts";
import { toPrintable } from "../../core/printable.ts";
import { fingerprint, mintSealedText, openSealedText } from "../../core/sealed-text.ts";
import { mintId } from "../../core/token.ts";

/** What `initialize` settled, in both directions. */
export interface SessionFacts {
  /** `ses_` and 128 random bits. Names the session in maps; it is not what the client sends. */
  readonly id: string;
  /** The endpoint it belongs to: `/mcp`, or the id of the server of `/mcp/<server>`. */
  readonly scope: string;
  readonly protocolVersion: string;
  /** The client's; `{}` when they are longer than 4 KiB. */
  readonly capabilities: JsonObject;
  /** Foreign text, cut to 64 printable characters. Nothing is decided by it. */
  readonly clientInfo: { readonly name: string | null; readonly version: string | null };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What a session begins with; `clientInfo` is taken as the client sent it. */
interface SessionClaims extends Pick<SessionFacts, "scope" | "protocolVersion" | "capabilities"> {
  readonly clientInfo: JsonValue | undefined;
}

/**
 * Session ids that need no table: the id is the session, authenticated, so a restart or another replica knows it too. It
 * proves nobody's identity. That comes with every request, and the id is compared with it (CVE-2026-52869: a session was
 * looked up by its id alone).
 */
export interface SessionIds {
  /** @returns the value of `Mcp-Session-Id`, visible ASCII, less than 8 KiB, and what it says */
  issue(identity: Identity, claims: SessionClaims): { readonly header: string; readonly facts: SessionFacts };
  /**
   * @returns null for an id that is another identity's or endpoint's, tampered with, made up, or older than 24 hours: one
   *   answer for all (abuse case A42)
   */
  read(identity: Identity, scope: string, header: string): SessionFacts | null;
}

export const MAX_SESSION_AGE_MS = 24 * 60 * 60_000;

const PURPOSE = "mcp_session";
// The header of every request carries them, and a request's headers are limited as a whole.
const MAX_CAPABILITIES_BYTES = 4_096;
const MAX_CLIENT_TEXT = 64;

const MAX_REMEMBERED = 10_000;
// Longer ones are verified each time, which takes some 20 µs: remembered, they would be 80 MB.
const MAX_REMEMBERED_LENGTH = 1_024;

interface Remembered {
  readonly identityKey: string;
  readonly facts: SessionFacts;
}

export function createSessionIds(parts: {
  readonly vault: Pick<Vault, "digest">;
  readonly clock: Clock;
  readonly random: Random;
}): SessionIds {
  const { vault, clock, random } = parts;
  // Headers that were found authentic, in two generations: what is in use moves to the younger, and when that is full it
  // becomes the older. Unlike a map that is reordered by every use, this writes nothing on the way of a call.
  let younger = new Map<string, Remembered>();
  let older: typeof younger = new Map();

  function remember(header: string, known: Remembered): void {
    if (header.length > MAX_REMEMBERED_LENGTH) {
      return;
    }
    if (younger.size >= MAX_REMEMBERED / 2) {
      older = younger;
      younger = new Map();
    }
    younger.set(header, known);
  }

  function recall(header: string): Remembered | null {
    const recent = younger.get(header);
    if (recent !== undefined) {
      return recent;
    }
    const known = older.get(header);
    if (known !== undefined) {
      remember(header, known);
    }
    return known ?? null;
  }

  function open(header: string, owner: string): Remembered | null {
    const payload = openSealedText(PURPOSE, header, vault);
    if (payload === null || payload["owner"] !== fingerprint(PURPOSE, "identity", owner, vault)) {
      return null;
    }
    const { facts } = payload;
    if (!isJsonObject(facts)) {
      return null;
    }
    const known = { identityKey: owner, facts: facts as unknown as SessionFacts };
    remember(header, known);
    return known;
  }

  return {
    issue(identity, { scope, protocolVersion, capabilities, clientInfo }) {
      const owner = identityKey(identity);
      const facts: SessionFacts = {
        id: mintId("ses", random),
        scope,
        protocolVersion,
        capabilities: bounded(capabilities),
        clientInfo: printable(clientInfo),
        createdAt: clock.now(),
      };
      const header = mintSealedText(
        PURPOSE,
        { owner: fingerprint(PURPOSE, "identity", owner, vault), facts: { ...facts } },
        vault,
      );
      remember(header, { identityKey: owner, facts });
      return { header, facts };
    },

    read(identity, scope, header) {
      const owner = identityKey(identity);
      const known = recall(header) ?? open(header, owner);
      if (known === null || known.identityKey !== owner || known.facts.scope !== scope) {
        return null;
      }
      return clock.now() - known.facts.createdAt > MAX_SESSION_AGE_MS ? null : known.facts;
    },
  };
}

function bounded(capabilities: JsonObject): JsonObject {
  return Buffer.byteLength(JSON.stringify(capabilities)) > MAX_CAPABILITIES_BYTES ? {} : capabilities;
}

function printable(info: JsonValue | undefined): SessionFacts["clientInfo"] {
  const { name, version } = isJsonObject(info) ? info : {};
  return { name: text(name), version: text(version) };
}

function text(value: JsonValue | undefined): string | null {
  return typeof value === "string" ? toPrintable(value, MAX_CLIENT_TEXT) : null;
}
