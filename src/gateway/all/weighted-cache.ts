interface Weighted<V> {
  readonly value: V;
  readonly weight: number;
}

/** A map that lets its least recently used entries go when all together weigh too much. */
export class WeightedCache<V> {
  readonly #entries = new Map<string, Weighted<V>>();
  readonly #capacity: number;
  #weight = 0;

  /** @param capacity the most that all entries may weigh together; an entry that alone weighs more is not kept */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Counts as a use of the entry. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, weight: number): void {
    this.#remove(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#capacity) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}
