import type { Json } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";

/** Units of work of one step: about half a second of an edge function's two seconds of CPU. */
const WORK = 1_000_000;
/** Characters of a value as JSON text. */
const MAX_LENGTH = 1_048_576;
/** Levels of nesting of a value. */
const MAX_DEPTH = 128;

/**
 * What one step may cost. A unit is about one value looked at or sixteen characters of text; everything whose cost
 * depends on data is charged here, so that no config and no input can hold an isolate.
 */
export class Budget {
  #left: number;

  /** @param work Units; the default suits a step. */
  constructor(work: number = WORK) {
    this.#left = work;
  }

  /**
   * Takes units.
   *
   * @throws {NodeError} `node_config_invalid` when they are used up.
   */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) {
      throw new NodeError("The step needs too much work for its input", { code: "node_config_invalid" });
    }
  }

  /**
   * Measures a value as JSON text and charges for it. Values may share parts, so this also stops results that are
   * small in memory and huge when written.
   *
   * @returns Characters, escapes not counted.
   * @throws {NodeError} `output_too_large` when it is over 1 MiB or nested over 128 levels.
   */
  measure(value: Json): number {
    return this.#measure(value, 0, 0);
  }

  #measure(value: Json, before: number, depth: number): number {
    this.spend(1);
    if (depth > MAX_DEPTH) throw new NodeError("The value is nested too deeply", { code: "output_too_large" });
    let total = before;
    if (typeof value === "string") {
      this.spend(value.length >> 4);
      total += value.length + 2;
    } else if (Array.isArray(value)) {
      total += 2;
      for (const item of value) total = this.#measure(item, total + 1, depth + 1);
    } else if (value !== null && typeof value === "object") {
      total += 2;
      for (const key of Object.keys(value)) {
        total = this.#measure(value[key] ?? null, total + key.length + 4, depth + 1);
      }
    } else {
      total += 5;
    }
    if (total > MAX_LENGTH) {
      throw new NodeError(`The value is larger than ${MAX_LENGTH} characters of JSON`, { code: "output_too_large" });
    }
    return total;
  }
}
