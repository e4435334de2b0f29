import { argon2, timingSafeEqual } from "node:crypto";
import { KeywardError } from "../../core/errors.ts";
import type { PasswordHash } from "../../core/people-port.ts";
import type { Random } from "../../core/ports.ts";

/** Hashes passwords and compares them, a few at a time. */
export interface Passwords {
  /** @throws KeywardError `invalid_password`, `rate_limited` when too many wait */
  hash(password: string): Promise<PasswordHash>;
  /** @throws KeywardError `rate_limited` when too many wait */
  isRight(password: string, hash: string): Promise<boolean>;
  /** The same work as `isRight`, for an account that is not there: it must not be told from a wrong password (A40). */
  pretend(password: string): Promise<void>;
}

const MIN_LENGTH = 12;
const MAX_LENGTH = 128;

/** What a hash costs whoever makes one, and whoever guesses. */
export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
}

// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. 60 to 90 ms of one core.
const COST: PasswordCost = { memoryKib: 19_456, passes: 2 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

/** The thread pool also resolves names and reads files: sign-ins may not take all of it. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 40;

// The PHC string format: readable, and ready for other numbers.
const PHC =
  /^\$argon2id\$v=19\$m=(?<memory>\d{1,7}),t=(?<passes>\d{1,3}),p=1\$(?<salt>[A-Za-z0-9+/]{22})\$(?<tag>[A-Za-z0-9+/]{43})$/;

interface Recipe extends PasswordCost {
  readonly salt: Uint8Array;
}

/** @param cost of new hashes; those that exist keep theirs */
export function createPasswords(random: Random, cost: PasswordCost = COST): Passwords {
  const gate = createGate();

  function derive(password: string, { memoryKib, passes, salt }: Recipe): Promise<Buffer> {
    // Two keyboards may write the same letter in two ways (NIST SP 800-63B, section 3.1.1.2).
    const message = password.normalize("NFKC");
    return gate(
      () =>
        new Promise((resolve, reject) => {
          const parameters = { message, nonce: salt, parallelism: 1, tagLength: TAG_BYTES, memory: memoryKib, passes };
          argon2("argon2id", parameters, (error, tag) => (error === null ? resolve(tag) : reject(error)));
        }),
    );
  }

  const recipe = (): Recipe => ({ ...cost, salt: random.bytes(SALT_BYTES) });

  return {
    async hash(password) {
      if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) {
        throw new KeywardError("invalid_password");
      }
      const made = recipe();
      const tag = await derive(password, made);
      const { memoryKib, passes, salt } = made;
      return `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$${toBase64(salt)}$${toBase64(tag)}` as PasswordHash;
    },

    async isRight(password, hash) {
      const { memory, passes, salt = "", tag = "" } = PHC.exec(hash)?.groups ?? {};
      if (password.length > MAX_LENGTH || memory === undefined) {
        await derive("", recipe());
        return false;
      }
      const expected = Buffer.from(tag, "base64");
      const derived = await derive(password, {
        memoryKib: Number(memory),
        passes: Number(passes),
        salt: Buffer.from(salt, "base64"),
      });
      return timingSafeEqual(derived, expected);
    },

    async pretend(password) {
      await derive(password.slice(0, MAX_LENGTH), recipe());
    },
  };
}

/** Runs at most a few at once and lets some wait; beyond that, whoever asks is sent away rather than kept. */
function createGate(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (running < MAX_AT_ONCE) {
      running += 1;
      return;
    }
    if (waiting.length >= MAX_WAITING) {
      throw new KeywardError("rate_limited");
    }
    // The place is handed over: `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) {
      running -= 1;
    } else {
      next();
    }
  }

  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
