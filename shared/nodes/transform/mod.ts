/**
 * The operations behind `action.transform`.
 *
 * @module
 */
import type { Json } from "../../graph/mod.ts";
import type { Budget } from "../budget.ts";
import { parseJsonPath } from "../json_path/mod.ts";
import { merge, omit, pick, rename, set } from "./fields.ts";
import { filter, group, map, reduce, sort } from "./lists.ts";
import type { Operation } from "./schemas.ts";
import { flatten, unflatten } from "./shapes.ts";
import { parseTextTemplate, renderTextTemplate } from "./text_template.ts";

export { type Operation, operationSchema } from "./schemas.ts";

/**
 * Applies one operation.
 *
 * @param input The value so far; it is not changed.
 * @param operation What to do.
 * @param budget Pays for it, over all operations of a step.
 * @returns The new value; it may share parts with the input.
 * @throws {NodeError} When the value does not fit the operation, or the budget or the size is exceeded.
 */
export function applyOperation(input: Json, operation: Operation, budget: Budget): Json {
  const output = apply(input, operation, budget);
  // After every operation: shared parts can double fifty times without ever costing memory.
  budget.measure(output);
  return output;
}

function apply(input: Json, operation: Operation, budget: Budget): Json {
  switch (operation.op) {
    case "set":
      return set(input, operation, budget);
    case "jsonpath":
      return find(input, operation.path, operation.result, budget);
    case "pick":
      return pick(input, operation, budget);
    case "omit":
      return omit(input, operation, budget);
    case "rename":
      return rename(input, operation, budget);
    case "merge":
      return merge(input, operation, budget);
    case "flatten":
      return flatten(input, operation, budget);
    case "unflatten":
      return unflatten(input, operation, budget);
    case "group":
      return group(input, operation, budget);
    case "sort":
      return sort(input, operation, budget);
    case "filter":
      return filter(input, operation, budget);
    case "map":
      return map(input, operation, budget);
    case "reduce":
      return reduce(input, operation, budget);
    case "template":
      return renderTextTemplate(parseTextTemplate(operation.template), input, budget);
  }
}

function find(input: Json, path: string, result: "all" | "first", budget: Budget): Json {
  const values = parseJsonPath(path).values(input, budget);
  return result === "all" ? values : values[0] ?? null;
}
