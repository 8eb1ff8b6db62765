interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
}

/**
 * Values by key, as many as fit: those that were not used for the longest time go first.
 *
 * Own code and not `lru-cache`: these lines are what is needed of it, and it would cost every cold start its loading.
 */
export class ByteLru<V> {
  readonly #maxBytes: number;
  // A Map remembers the order in which its keys were set: the last one was used last.
  readonly #entries = new Map<string, Entry<V>>();
  #bytes = 0;

  /** @param maxBytes What the values may have together, as {@link ByteLru.set} is told. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What the values have together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many values there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, which is used by that. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value instead of the key's present one. One that alone is too large is not kept. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
  }

  /** Forgets a key. */
  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
