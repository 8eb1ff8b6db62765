import { ByteLru } from "../cache/mod.ts";
import type { Json } from "../graph/mod.ts";

/**
 * Parsed values by their place, as many as fit: those that were not used for the longest time go first. Several runs
 * share them, so they are frozen.
 */
export class ValueCache {
  readonly #values: ByteLru<Json>;

  /** @param maxBytes Bytes of JSON text that the values may have together; in memory they take a few times that. */
  constructor(maxBytes: number) {
    this.#values = new ByteLru(maxBytes);
  }

  /** The value at a place. */
  get(path: string): Json | undefined {
    return this.#values.get(path);
  }

  /** Keeps a value, and freezes it. One that alone is too large is not kept. A place never gets another value. */
  set(path: string, value: Json, bytes: number): void {
    deepFreeze(value);
    if (this.#values.get(path) === undefined) this.#values.set(path, value, bytes);
  }
}

function deepFreeze(value: Json): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
