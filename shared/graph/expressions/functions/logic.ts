import type { Json } from "../../types.ts";
import { isObject, isTruthy } from "../../json.ts";
import { defineFunctions } from "./define.ts";

/** Functions that choose. They evaluate only the arguments that they need. */
export const LOGIC_FUNCTIONS = defineFunctions("logic", [
  [
    "if(test, yes, no = null)",
    "One of two values; the same as `test ? yes : no`.",
    'if(2 > 1, "more", "less")',
    "more",
    (call) => isTruthy(call.value(0)) ? call.value(1) : call.value(2),
    { takesNull: true },
  ],
  [
    "coalesce(…values)",
    "The first value that is not null.",
    'coalesce(null, "", "x")',
    "",
    (call) => {
      for (let index = 0; index < call.count; index++) {
        const value = call.value(index);
        if (value !== null) return value;
      }
      return null;
    },
    { takesNull: true },
  ],
  [
    "default(value, fallback)",
    "The fallback when the value is null, empty text, an empty list or an empty object.",
    'default("", "nobody")',
    "nobody",
    (call) => empty(call.value(0)) ? call.value(1) : call.value(0),
    { takesNull: true },
  ],
  [
    "isEmpty(value)",
    "Whether the value is null, empty text, an empty list or an empty object.",
    "isEmpty([])",
    true,
    (call) => empty(call.value(0)),
    { takesNull: true },
  ],
]);

function empty(value: Json): boolean {
  if (value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isObject(value)) return false;
  for (const key in value) if (Object.hasOwn(value, key)) return false;
  return true;
}
