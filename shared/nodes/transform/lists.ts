/**
 * Operations on lists.
 *
 * @module
 */
import type { Json } from "../../graph/mod.ts";
import { NodeError } from "../../providers/mod.ts";
import type { Budget } from "../budget.ts";
import { parseFilter, parseJsonPath } from "../json_path/mod.ts";
import { asText, compareValues, isUnsafeKey, splitPath, valueAt } from "../json_values.ts";
import { withValue } from "./fields.ts";
import type { Operation, OperationOf } from "./schemas.ts";
import { parseTextTemplate, renderTextTemplate } from "./text_template.ts";

/** Groups by the text of a field; elements without it come under the empty name. */
export function group(input: Json, operation: OperationOf<"group">, budget: Budget): Json {
  const path = splitPath(operation.by);
  const groups: { [key: string]: Json[] } = {};
  for (const item of listOf(input, operation)) {
    budget.spend(path.length);
    const value = valueAt(item, path);
    if (typeof value === "object" && value !== null) budget.measure(value);
    const key = asText(value);
    if (isUnsafeKey(key)) continue;
    if (!Object.hasOwn(groups, key)) groups[key] = [];
    groups[key]?.push(item);
  }
  return groups;
}

/** Sorts a copy. */
export function sort(input: Json, operation: OperationOf<"sort">, budget: Budget): Json {
  const list = listOf(input, operation);
  const path = operation.by === undefined ? [] : splitPath(operation.by);
  const sign = operation.order === "asc" ? 1 : -1;
  const keyed = list.map((item) => ({ item, key: valueAt(item, path) ?? null }));
  const compare = (a: { key: Json }, b: { key: Json }): number => {
    const texts = typeof a.key === "string" && typeof b.key === "string" ? Math.min(a.key.length, b.key.length) : 0;
    budget.spend(1 + (texts >> 4));
    // Lists and objects come last, among themselves in the order they had.
    return compareValues(a.key, b.key) ?? Number(isContainer(a.key)) - Number(isContainer(b.key));
  };
  return keyed.sort((a, b) => sign * compare(a, b)).map(({ item }) => item);
}

function isContainer(value: Json): boolean {
  return typeof value === "object" && value !== null;
}

/** Keeps what the filter lets through. */
export function filter(input: Json, operation: OperationOf<"filter">, budget: Budget): Json {
  return parseFilter(operation.where).values(listOf(input, operation), budget);
}

/** Makes something of each element. */
export function map(input: Json, operation: OperationOf<"map">, budget: Budget): Json {
  const make = mapper(operation, budget);
  return listOf(input, operation).map((item) => {
    budget.spend(1);
    return make(item);
  });
}

function mapper({ path, fields, template }: OperationOf<"map">, budget: Budget): (item: Json) => Json {
  if (path !== undefined) return (item) => parseJsonPath(path).values(item, budget)[0] ?? null;
  if (template !== undefined) {
    const parsed = parseTextTemplate(template);
    return (item) => renderTextTemplate(parsed, item, budget);
  }
  const parsed = Object.entries(fields ?? {}).map(([name, query]) => ({
    name: splitPath(name),
    query: parseJsonPath(query),
  }));
  return (item) =>
    parsed.reduce<Json>((made, { name, query }) => {
      const values = query.values(item, budget);
      return withValue(made, name, query.singular ? values[0] ?? null : values);
    }, {});
}

/** Makes one value of the list. */
export function reduce(input: Json, operation: OperationOf<"reduce">, budget: Budget): Json {
  const path = operation.by === undefined ? [] : splitPath(operation.by);
  const values = listOf(input, operation).flatMap((item) => {
    budget.spend(1 + path.length);
    const value = valueAt(item, path) ?? null;
    return value === null ? [] : [value];
  });
  switch (operation.function) {
    case "count":
      return values.length;
    case "first":
      return values[0] ?? null;
    case "last":
      return values.at(-1) ?? null;
    case "join":
      for (const value of values) budget.measure(value);
      return values.map(asText).join(operation.separator);
    case "sum":
      return total(values, operation);
    case "average":
      return values.length === 0 ? null : total(values, operation) / values.length;
    case "min":
    case "max":
      return extreme(values, operation.function);
  }
}

function total(values: Json[], operation: Operation): number {
  let sum = 0;
  for (const value of values) {
    if (typeof value !== "number") throw misfit(operation, "needs numbers");
    sum += value;
  }
  // JSON knows no infinity.
  if (!Number.isFinite(sum)) throw misfit(operation, "leaves the range of numbers");
  return sum;
}

function extreme(values: Json[], which: "min" | "max"): Json {
  return values.reduce<Json>((best, value) => {
    if (best === null) return value;
    const order = compareValues(value, best) ?? 0;
    return (which === "min" ? order < 0 : order > 0) ? value : best;
  }, null);
}

function listOf(input: Json, operation: Operation): Json[] {
  if (Array.isArray(input)) return input;
  throw misfit(operation, "needs a list");
}

/** The data does not fit the operation; more attempts would meet the same data. */
function misfit(operation: Operation, what: string): NodeError {
  return new NodeError(`The operation ${operation.op} ${what}`, {
    code: "node_config_invalid",
    details: { op: operation.op },
  });
}
