/** Remembers what was made of texts, and forgets what was used least lately when it is full. */
export class BoundedCache<T> {
  readonly #entries = new Map<string, T>();
  readonly #mostEntries: number;
  readonly #mostLength: number;
  #length = 0;

  /**
   * @param mostEntries How many values it keeps at most.
   * @param mostLength How many UTF-16 units their keys have together at most.
   */
  constructor(mostEntries: number, mostLength: number) {
    this.#mostEntries = mostEntries;
    this.#mostLength = mostLength;
  }

  /** The number of values kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a text, made now if it is not known. What `make` throws is not kept. */
  get(text: string, make: (text: string) => T): T {
    const known = this.#entries.get(text);
    if (known !== undefined) {
      this.#entries.delete(text);
      this.#entries.set(text, known);
      return known;
    }
    const value = make(text);
    if (text.length > this.#mostLength) return value;
    this.#entries.set(text, value);
    this.#length += text.length;
    this.#forget();
    return value;
  }

  #forget() {
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#mostEntries && this.#length <= this.#mostLength) return;
      this.#entries.delete(oldest);
      this.#length -= oldest.length;
    }
  }
}
