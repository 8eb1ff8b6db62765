import type { Json } from "../graph/mod.ts";

interface Entry {
  value: Json;
  bytes: number;
}

/**
 * Parsed values by their place, as many as fit: those that were not used for the longest time go first. Several runs
 * share them, so they are frozen.
 */
export class ValueCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** @param maxBytes Bytes of JSON text that the values may have together; in memory they take a few times that. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The value at a place. */
  get(path: string): Json | undefined {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    // Last in the order of the map = used last.
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    return entry.value;
  }

  /** Keeps a value, and freezes it. One that alone is too large is not kept. */
  set(path: string, value: Json, bytes: number): void {
    deepFreeze(value);
    if (bytes > this.#maxBytes || this.#entries.has(path)) return;
    this.#entries.set(path, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}

function deepFreeze(value: Json): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
