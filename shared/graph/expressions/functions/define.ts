import type { Json } from "../../types.ts";
import type { Call } from "../call.ts";

/** A function that expressions can call. */
export interface FunctionDefinition {
  readonly name: string;
  readonly group: "text" | "number" | "collection" | "conversion" | "date" | "logic";
  /** Name and parameters; one with a default may be left out, `…` may come any number of times. */
  readonly signature: string;
  /** How many arguments it takes, read from the signature. */
  readonly arity: { readonly least: number; readonly most: number };
  readonly description: string;
  readonly example: string;
  readonly result: Json;
  /** Whether null as the first argument gives null without a call, so that what is missing stays missing. */
  readonly nullGivesNull: boolean;
  run(call: Call): Json;
}

/** How a function is written down: the call, what it does, an example and its result, and the doing. */
export type FunctionEntry = readonly [
  signature: string,
  description: string,
  example: string,
  result: Json,
  run: (call: Call) => Json,
  options?: { takesNull?: boolean },
];

/**
 * Makes the functions of a group from their short entries.
 *
 * @param group The heading in the documentation.
 * @param entries One for each function.
 * @returns The definitions, in the same order.
 */
export function defineFunctions(
  group: FunctionDefinition["group"],
  entries: readonly FunctionEntry[],
): FunctionDefinition[] {
  return entries.map(([signature, description, example, result, run, options]) => {
    const open = signature.indexOf("(");
    const params = signature.slice(open + 1, -1).split(/, (?=[a-z…])/).filter((param) => param !== "");
    const endless = params.some((param) => param.startsWith("…"));
    return {
      name: signature.slice(0, open),
      group,
      signature,
      arity: {
        least: params.filter((param) => !param.startsWith("…") && !param.includes("=")).length,
        most: endless ? Infinity : params.length,
      },
      description,
      example,
      result,
      nullGivesNull: options?.takesNull !== true,
      run,
    };
  });
}
