import type { Json, JsonObject } from "../../graph/mod.ts";
import { isObject, splitPath, valueAt } from "../json_values.ts";

/**
 * Joins lists of objects on a field: objects with the same value there become one, later fields win. An object that
 * stands alone stays, as do elements without such a value.
 *
 * @param lists In the order in which their fields are laid over each other.
 * @param key Path of the field; texts, numbers and booleans can be keys, and `"1"` is not `1`.
 * @returns In the order in which the keys first appear.
 */
export function joinByKey(lists: Json[][], key: string): Json[] {
  const path = splitPath(key);
  const joined: Json[] = [];
  const places = new Map<string, JsonObject>();
  for (const element of lists.flat(1)) {
    const value = valueAt(element, path);
    if (!isObject(element) || value === undefined || value === null || typeof value === "object") {
      joined.push(element);
      continue;
    }
    const name = `${typeof value}:${value}`;
    let target = places.get(name);
    if (target === undefined) {
      target = {};
      places.set(name, target);
      joined.push(target);
    }
    assignSafely(target, element);
  }
  return joined;
}

/** Copies own fields; never the one that would change a prototype. */
export function assignSafely(target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) if (key !== "__proto__") target[key] = value;
}
