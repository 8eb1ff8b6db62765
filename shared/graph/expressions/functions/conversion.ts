import { EXPRESSION_LIMITS } from "../../limits.ts";
import type { Json, JsonObject } from "../../types.ts";
import type { Call } from "../call.ts";
import { isTruthy } from "../../json.ts";
import { asText, setProperty } from "../values.ts";
import { defineFunctions } from "./define.ts";

/** A decimal number as JSON or a form writes it. Linear: no two parts can match the same characters. */
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

const WORDS: Readonly<Record<string, boolean>> = {
  "true": true,
  "yes": true,
  "on": true,
  "1": true,
  "false": false,
  "no": false,
  "off": false,
  "0": false,
  "": false,
};

/** Functions that make one type of another. What cannot be converted gives null. */
export const CONVERSION_FUNCTIONS = defineFunctions("conversion", [
  [
    "string(value)",
    "As it reads inside text: null as nothing, lists and objects as JSON.",
    "string([1, null])",
    "[1,null]",
    (call) => asText(call.value(0), call.budget, call.at),
    { takesNull: true },
  ],
  ["number(value)", "Text as a number, true as 1, false as 0; else null.", 'number(" 12.50 ")', 12.5, toNumber],
  [
    "boolean(value)",
    "`true yes on 1` and `false no off 0` as text, else whether the value counts as true; null for other text.",
    'boolean("No")',
    false,
    toBoolean,
    { takesNull: true },
  ],
  [
    "json(value)",
    "The JSON text of a value.",
    'json({"a": [1, "x"]})',
    '{"a":[1,"x"]}',
    (call) => {
      call.budget.measure(call.value(0), call.at);
      return JSON.stringify(call.value(0));
    },
    { takesNull: true },
  ],
  [
    "parseJson(text)",
    "The value that a JSON text stands for; null when it is none.",
    'parseJson("[1, {\\"a\\": null}]")',
    [1, { a: null }],
    parseJson,
  ],
]);

function toNumber(call: Call): Json {
  const value = call.value(0);
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return null;
  const text = call.text(0).trim();
  // No number needs more characters than this.
  if (text.length > 400 || !DECIMAL.test(text)) return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

function toBoolean(call: Call): Json {
  const value = call.value(0);
  if (typeof value !== "string") return isTruthy(value);
  const word = call.text(0).trim().toLowerCase();
  return Object.hasOwn(WORDS, word) ? WORDS[word] ?? null : null;
}

function parseJson(call: Call): Json {
  const text = call.text(0);
  call.budget.allowText(text.length, call.at);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  // Text that is no longer than the limit has fewer values than characters.
  call.budget.spend(text.length, call.at);
  const clean = cleaned(parsed, 0);
  return clean === undefined ? null : clean;
}

/** A copy that is safe to keep: no `__proto__`, nothing a database refuses. Undefined when it cannot be kept. */
function cleaned(value: unknown, depth: number): Json | undefined {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string") return storable(value) ? value : undefined;
  if (typeof value !== "object" || depth > EXPRESSION_LIMITS.dataDepth) return undefined;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) {
      const clean = cleaned(item, depth + 1);
      if (clean === undefined) return undefined;
      items.push(clean);
    }
    return items;
  }
  const object: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const clean = cleaned(item, depth + 1);
    if (clean === undefined || !storable(key)) return undefined;
    setProperty(object, key, clean);
  }
  return object;
}

/** Whether Postgres can hold the text as jsonb: no NUL and no half characters. */
function storable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
