/** A map that lets its least recently used entry go when it is full. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #capacity: number;
  readonly #letGo: (value: V) => void;

  /**
   * @param capacity at least 1
   * @param letGo is told of each value that had to make room; not of those deleted or replaced
   */
  constructor(capacity: number, letGo: (value: V) => void = () => {}) {
    this.#capacity = capacity;
    this.#letGo = letGo;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use of the entry. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries;
    if (this.#entries.size > this.#capacity && oldest !== undefined) {
      this.#entries.delete(oldest[0]);
      this.#letGo(oldest[1]);
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** From the least to the most recently used. */
  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }
}
