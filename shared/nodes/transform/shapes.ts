/**
 * Operations on the shape of a value: flat to nested and back.
 *
 * @module
 */
import type { Json, JsonObject } from "../../graph/mod.ts";
import type { Budget } from "../budget.ts";
import { isObject, isUnsafeKey, ownProperty } from "../json_values.ts";
import type { OperationOf } from "./schemas.ts";

/** Joins names (objects) or levels (lists). */
export function flatten(input: Json, { separator, depth }: OperationOf<"flatten">, budget: Budget): Json {
  if (Array.isArray(input)) {
    budget.measure(input);
    // Json is recursive: without the cast the type of flat() never ends.
    return (input as unknown[]).flat(depth) as Json[];
  }
  if (!isObject(input)) return input;
  const flat: JsonObject = {};
  collect(input, "", depth);
  return flat;

  function collect(value: Json, name: string, left: number): void {
    budget.spend(1 + (name.length >> 4));
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    // An empty object or list has no names to join and must not vanish.
    if (left < 0 || entries.length === 0) {
      if (name !== "" && !isUnsafeKey(name)) flat[name] = value;
      return;
    }
    for (const [key, item] of entries) collect(item, name === "" ? key : `${name}${separator}${key}`, left - 1);
  }
}

/** Splits names. Objects whose keys are 0, 1, 2 … become lists. */
export function unflatten(input: Json, { separator }: OperationOf<"unflatten">, budget: Budget): Json {
  if (!isObject(input)) return input;
  const root: JsonObject = {};
  for (const [name, value] of Object.entries(input)) {
    const keys = name.split(separator);
    budget.spend(keys.length);
    if (keys.some(isUnsafeKey)) continue;
    let target = root;
    for (const key of keys.slice(0, -1)) {
      const child = ownProperty(target, key);
      target = isObject(child) ? child : (target[key] = {});
    }
    const last = keys.at(-1) ?? "";
    // A copy, because the next name may lead into it.
    target[last] = isObject(value) ? { ...value } : value;
  }
  return toLists(root);
}

function toLists(value: Json): Json {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, Json] => [key, toLists(item)]);
  // Integer keys come in rising order, so a list is one exactly when each key is its position.
  const isList = entries.length > 0 && entries.every(([key], index) => key === String(index));
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
