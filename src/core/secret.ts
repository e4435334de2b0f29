const REDACTED = "[secret]";
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/**
 * A value that may not be printed.
 *
 * It shows as `[secret]` in template strings, `JSON.stringify`, `console.log` and `util.inspect` at any depth, and
 * `structuredClone` yields an empty object: the value lives in a private field, which cloning does not copy. It opens
 * only by `reveal()`; the files that may call it are listed in `test/architecture.test.ts`.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Call it at the last moment, and do not keep what it returns. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [INSPECT](): string {
    return REDACTED;
  }
}
