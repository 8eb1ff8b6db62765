import { GRAPH_LIMITS } from "./limits.ts";
import { formatPath, type Problems } from "./problems.ts";
import type { Json, JsonObject } from "./types.ts";

type Path = (string | number)[];

/** A value that cannot be part of a graph. */
const REFUSED = Symbol("refused");

/** More values than this cannot be in a graph of the allowed size. */
const MOST_VALUES = GRAPH_LIMITS.bytes;

/**
 * Copies anything into plain JSON, as `JSON.stringify` would see it, and says what is no JSON. After this the compiler
 * works on objects of its own: no getters, no proxies, no prototypes of others, no cycles.
 *
 * @param value What a caller handed in.
 * @param problems Gets what is wrong with it.
 * @returns The copy, without the parts that were refused; undefined when nothing can be done with it.
 */
export function toJson(value: unknown, problems: Problems): Json | undefined {
  const copier = new Copier(problems);
  let copy: Json | typeof REFUSED;
  try {
    copy = copier.copy(value, [], 0);
  } catch {
    // Only foreign code (a getter, a proxy) throws here.
    problems.add("graph_invalid", "Cannot read the graph", { path: "" });
    return undefined;
  }
  if (copy === REFUSED) return undefined;
  if (copier.values > MOST_VALUES || new TextEncoder().encode(JSON.stringify(copy)).length > GRAPH_LIMITS.bytes) {
    problems.add("graph_too_large", `Cannot be larger than ${GRAPH_LIMITS.bytes} bytes of JSON`, { path: "" });
    return undefined;
  }
  return copy;
}

class Copier {
  /** How many values were seen. */
  values = 0;
  #deep = false;
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  copy(value: unknown, path: Path, depth: number): Json | typeof REFUSED {
    if (++this.values > MOST_VALUES) return REFUSED;
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") {
      return value.isWellFormed() && !value.includes("\0") ? value : this.#refuse("NUL or half a character", path);
    }
    if (typeof value === "number") {
      return Number.isFinite(value) ? value : this.#refuse(String(value), path);
    }
    if (typeof value !== "object") return this.#refuse(`a value of type ${typeof value}`, path);
    if (depth >= GRAPH_LIMITS.depth) {
      return this.#tooDeep(path);
    }
    return Array.isArray(value) ? this.#list(value, path, depth) : this.#object(value, path, depth);
  }

  #list(value: unknown[], path: Path, depth: number): Json[] {
    const copy: Json[] = [];
    for (let index = 0; index < value.length && this.values <= MOST_VALUES; index++) {
      const item = this.copy(value[index] ?? null, [...path, index], depth + 1);
      // The place is kept, so that the paths of other problems stay right.
      copy.push(item === REFUSED ? null : item);
    }
    return copy;
  }

  #object(value: object, path: Path, depth: number): JsonObject {
    const copy: JsonObject = {};
    for (const [key, item] of Object.entries(value)) {
      if (this.values > MOST_VALUES) break;
      if (item === undefined) continue;
      if (key === "__proto__") {
        this.#problems.add("forbidden_key", "Cannot use the key __proto__", { path: formatPath([...path, key]) });
        continue;
      }
      if (!key.isWellFormed() || key.includes("\0")) {
        this.#refuse("a key with NUL or half a character", path);
        continue;
      }
      const child = this.copy(item, [...path, key], depth + 1);
      if (child !== REFUSED) copy[key] = child;
    }
    return copy;
  }

  /** Reports the first place only: an object that holds itself would give one at every turn. */
  #tooDeep(path: Path): typeof REFUSED {
    if (!this.#deep) {
      const message = `Cannot be nested deeper than ${GRAPH_LIMITS.depth} levels`;
      this.#problems.add("graph_too_deep", message, { path: formatPath(path) });
    }
    this.#deep = true;
    return REFUSED;
  }

  #refuse(what: string, path: Path): typeof REFUSED {
    this.#problems.add("graph_invalid", `Cannot hold ${what}`, { path: formatPath(path) });
    return REFUSED;
  }
}
