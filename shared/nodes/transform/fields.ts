/**
 * Operations on fields. Inputs are shared with other steps, so nothing is changed in place: every function returns
 * new containers along the way it changed and shares the rest.
 *
 * @module
 */
import type { Json, JsonObject } from "../../graph/mod.ts";
import type { Budget } from "../budget.ts";
import { isObject, isUnsafeKey, ownProperty, splitPath, valueAt } from "../json_values.ts";
import type { OperationOf } from "./schemas.ts";

/** Elements that a path may add to a list at once: `items.999999999` must not make a giant. */
const MAX_GAP = 1_000;

/**
 * Sets the value at a path, making what is missing.
 *
 * @param target Where the path begins; anything but an object or list is replaced by an object.
 * @param path Parts of the path, at least one.
 * @param value The value; undefined removes the field.
 * @returns A changed copy.
 */
export function withValue(target: Json | undefined, path: readonly string[], value: Json | undefined): Json {
  const [key = "", ...rest] = path;
  if (Array.isArray(target) && /^\d{1,9}$/.test(key) && Number(key) <= target.length + MAX_GAP) {
    return withElement(target, Number(key), rest, value);
  }
  const copy: JsonObject = isObject(target) ? { ...target } : {};
  if (isUnsafeKey(key)) return copy;
  if (rest.length > 0) {
    const child = ownProperty(copy, key);
    // Removing below what does not exist changes nothing.
    if (value !== undefined || typeof child === "object") copy[key] = withValue(child, rest, value);
  } else if (value === undefined) {
    delete copy[key];
  } else {
    copy[key] = value;
  }
  return copy;
}

function withElement(list: Json[], index: number, rest: readonly string[], value: Json | undefined): Json[] {
  const copy = [...list];
  if (value === undefined && (rest.length === 0 || index >= list.length)) {
    copy.splice(index, 1);
    return copy;
  }
  while (copy.length < index) copy.push(null);
  copy[index] = rest.length === 0 ? value ?? null : withValue(copy[index], rest, value);
  return copy;
}

/** Sets fields. */
export function set(input: Json, { fields }: OperationOf<"set">, budget: Budget): Json {
  return Object.entries(fields).reduce<Json>((target, [path, value]) => {
    chargeCopies(target, path, budget);
    return withValue(target, splitPath(path), value);
  }, input);
}

/** Keeps only some fields. */
export function pick(input: Json, { fields }: OperationOf<"pick">, budget: Budget): Json {
  return eachObject(input, budget, (object) =>
    fields.map(splitPath).reduce<Json>((picked, path) => {
      const value = valueAt(object, path);
      return value === undefined ? picked : withValue(picked, path, value);
    }, {}));
}

/** Leaves some fields out. */
export function omit(input: Json, { fields }: OperationOf<"omit">, budget: Budget): Json {
  return eachObject(input, budget, (object) =>
    fields.reduce<Json>((left, path) => {
      chargeCopies(left, path, budget);
      return withValue(left, splitPath(path), undefined);
    }, object));
}

/** Moves fields. All are read before one is written, so that two may change places. */
export function rename(input: Json, { fields }: OperationOf<"rename">, budget: Budget): Json {
  return eachObject(input, budget, (object) => {
    const moves = Object.entries(fields).map(([from, to]) => ({ from, to, value: valueAt(object, splitPath(from)) }))
      .filter((move) => move.value !== undefined);
    let result: Json = object;
    for (const { from } of moves) {
      chargeCopies(result, from, budget);
      result = withValue(result, splitPath(from), undefined);
    }
    for (const { to, value } of moves) {
      chargeCopies(result, to, budget);
      result = withValue(result, splitPath(to), value);
    }
    return result;
  });
}

/** Merges objects. */
export function merge(input: Json, operation: OperationOf<"merge">, budget: Budget): Json {
  const more = operation.with === undefined ? [] : Array.isArray(operation.with) ? operation.with : [operation.with];
  const all = [...(Array.isArray(input) ? input : [input]), ...more];
  return all.reduce<Json>((merged, next) => mergeTwo(merged, next, operation.deep, budget), {});
}

function mergeTwo(first: Json | undefined, second: Json, deep: boolean, budget: Budget): JsonObject {
  const merged: JsonObject = isObject(first) ? { ...first } : {};
  if (!isObject(second)) return merged;
  budget.spend(Object.keys(merged).length + Object.keys(second).length);
  for (const [key, value] of Object.entries(second)) {
    if (isUnsafeKey(key)) continue;
    const before = ownProperty(merged, key);
    merged[key] = deep && isObject(before) && isObject(value) ? mergeTwo(before, value, deep, budget) : value;
  }
  return merged;
}

/** Applies to an object, or to each object in a list; other values stay as they are. */
function eachObject(input: Json, budget: Budget, change: (object: JsonObject) => Json): Json {
  const one = (value: Json): Json => {
    budget.spend(1);
    return isObject(value) ? change(value) : value;
  };
  return Array.isArray(input) ? input.map(one) : one(input);
}

/** A write copies every container on its way. */
function chargeCopies(target: Json, path: string, budget: Budget): void {
  let current: Json | undefined = target;
  for (const key of splitPath(path)) {
    if (typeof current !== "object" || current === null) return;
    // An entry of an object is dearer than a value that is looked at: it is counted here and copied there.
    budget.spend(1 + (Array.isArray(current) ? current.length >> 3 : Object.keys(current).length * 2));
    current = ownProperty(current, key);
  }
}
