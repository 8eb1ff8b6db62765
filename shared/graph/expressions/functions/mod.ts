import { COLLECTION_FUNCTIONS } from "./collections.ts";
import { CONVERSION_FUNCTIONS } from "./conversion.ts";
import { DATE_FUNCTIONS } from "./dates.ts";
import { LOGIC_FUNCTIONS } from "./logic.ts";
import { NUMBER_FUNCTIONS } from "./numbers.ts";
import { TEXT_FUNCTIONS } from "./text.ts";
import type { FunctionDefinition } from "./define.ts";

export type { FunctionDefinition } from "./define.ts";

const ALL: readonly FunctionDefinition[] = [
  ...TEXT_FUNCTIONS,
  ...NUMBER_FUNCTIONS,
  ...COLLECTION_FUNCTIONS,
  ...CONVERSION_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...LOGIC_FUNCTIONS,
];
const byName: ReadonlyMap<string, FunctionDefinition> = new Map(ALL.map((definition) => [definition.name, definition]));
const names: readonly string[] = [...byName.keys()];

/** What people see of a function: for documentation and for the console's completion. */
export interface FunctionInfo {
  name: string;
  group: FunctionDefinition["group"];
  /** For example `join(list, separator = ", ")`. */
  signature: string;
  description: string;
  /** An expression that needs no scope. */
  example: string;
  /** What the example gives. */
  result: FunctionDefinition["result"];
}

/** Finds a function by name; undefined when there is none. */
export function findFunction(name: string): FunctionDefinition | undefined {
  return byName.get(name);
}

/** The names of all functions. */
export function functionNames(): readonly string[] {
  return names;
}

/** Lists every function that expressions can call, in the order of the documentation. */
export function listFunctions(): FunctionInfo[] {
  return ALL.map(({ name, group, signature, description, example, result }) => {
    return { name, group, signature, description, example, result };
  });
}
