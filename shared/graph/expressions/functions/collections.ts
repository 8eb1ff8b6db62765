import type { Json, JsonObject } from "../../types.ts";
import type { Call } from "../call.ts";
import { compareValues } from "../../json.ts";
import { canonicalText, equal, setProperty, valueAt } from "../values.ts";
import { defineFunctions } from "./define.ts";

const PEOPLE = '[{"name": "Bo", "age": 9}, {"name": "Al", "age": 30}]';
const ORDERS = ["asc", "desc"] as const;

/** Functions on lists and objects. None changes what it is given. */
export const COLLECTION_FUNCTIONS = defineFunctions("collection", [
  ["first(list)", "The first element; null of an empty list.", "first([3, 4])", 3, (call) => call.list(0)[0] ?? null],
  ["last(list)", "The last element; null of an empty list.", "last([3, 4])", 4, (call) => call.list(0).at(-1) ?? null],
  ["keys(object)", "The names of the entries.", 'keys({"b": 1, "a": 2})', ["b", "a"], (call) => {
    return Object.keys(call.object(0));
  }],
  ["values(object)", "The values of the entries.", 'values({"b": 1, "a": 2})', [1, 2], (call) => {
    return Object.values(call.object(0));
  }],
  [
    "entries(object)",
    "The entries as a list of `key` and `value`.",
    'entries({"a": 2})',
    [{ key: "a", value: 2 }],
    (call) => Object.entries(call.object(0)).map(([key, value]) => ({ key, value })),
  ],
  [
    "pluck(list, path)",
    "What each element has at a path such as `customer.email` or `lines.0.price`; null where it has nothing.",
    `pluck(${PEOPLE}, "name")`,
    ["Bo", "Al"],
    pluck,
  ],
  [
    "where(list, path, value)",
    "The elements that have this value at the path.",
    `where(${PEOPLE}, "age", 30)`,
    [{ name: "Al", age: 30 }],
    where,
  ],
  [
    "unique(list)",
    "Every value once, at its first place.",
    'unique([1, "1", 1, {"a": 1}, {"a": 1}])',
    [1, "1", { a: 1 }],
    unique,
  ],
  [
    'sort(list, order = "asc")',
    "Ascending or descending (`desc`): null, false, true, numbers, text by code unit. Lists and objects cannot be sorted.",
    'sort([3, null, 10, "b", "a"])',
    [null, 3, 10, "a", "b"],
    (call) => sorted(call, (value) => value, 1),
  ],
  [
    'sortBy(list, path, order = "asc")',
    "Sorted by what each element has at the path; equal ones keep their order.",
    `pluck(sortBy(${PEOPLE}, "age", "desc"), "name")`,
    ["Al", "Bo"],
    sortBy,
  ],
  ["reverse(list)", "The other way round.", "reverse([1, 2, 3])", [3, 2, 1], (call) => call.list(0).toReversed()],
  [
    "slice(list, start, end = length(list))",
    "The elements from `start` (0 is the first) up to, not including, `end`. Negative numbers count from the end.",
    "slice([1, 2, 3, 4], 1, -1)",
    [2, 3],
    slice,
  ],
  ["flatten(list)", "Lists inside the list opened, one level.", "flatten([1, [2, [3]]])", [1, 2, [3]], flatten],
  [
    "includes(list, value)",
    "Whether the list holds the value, or a text holds another; the same as `contains`.",
    'includes(["a", {"b": 1}], {"b": 1})',
    true,
    (call) => typeof call.value(0) === "string" ? includesText(call) : includesValue(call),
  ],
  [
    "merge(…objects)",
    "One object of all entries; later ones win, nulls are left out.",
    'merge({"a": 1, "b": 1}, null, {"b": 2})',
    { a: 1, b: 2 },
    merge,
    { takesNull: true },
  ],
  [
    "pick(object, …keys)",
    "Only these entries. The keys may also be given as one list.",
    'pick({"a": 1, "b": 2}, "b", "c")',
    { b: 2 },
    (call) => chosen(call, true),
  ],
  [
    "omit(object, …keys)",
    "All entries but these. The keys may also be given as one list.",
    'omit({"a": 1, "b": 2}, ["b"])',
    { a: 1 },
    (call) => chosen(call, false),
  ],
]);

/** Whether the list that is the first argument holds the second. */
export function includesValue(call: Call): boolean {
  const wanted = call.value(1);
  return call.list(0).some((item) => equal(item, wanted, call.budget, call.at));
}

function includesText(call: Call): boolean {
  const text = call.text(0);
  const part = call.text(1);
  call.budget.spendSearch(text.length, part.length, call.at);
  return text.includes(part);
}

function pathOf(call: Call, index: number): string[] {
  const path = call.text(index).split(".");
  call.budget.spend(path.length * call.list(0).length, call.at);
  return path;
}

function pluck(call: Call): Json {
  const path = pathOf(call, 1);
  return call.list(0).map((item) => valueAt(item, path));
}

function where(call: Call): Json {
  const path = pathOf(call, 1);
  const wanted = call.value(2);
  return call.list(0).filter((item) => equal(valueAt(item, path), wanted, call.budget, call.at));
}

function sortBy(call: Call): Json {
  const path = pathOf(call, 1);
  return sorted(call, (item) => valueAt(item, path), 2);
}

function sorted(call: Call, keyOf: (item: Json) => Json, orderIndex: number): Json {
  const list = call.list(0);
  const sign = call.choice(orderIndex, ORDERS, "asc") === "asc" ? 1 : -1;
  const keyed = list.map((item) => ({ item, key: keyOf(item) }));
  for (const { key } of keyed) {
    // Long texts that begin alike are compared over and over.
    const units = typeof key === "string" ? 1 + (key.length >> 4) : 1;
    call.budget.spend(units * Math.ceil(Math.log2(list.length + 1)), call.at);
    if (key !== null && typeof key === "object") throw call.fail("Cannot sort lists or objects; see sortBy()", 0);
  }
  return keyed.sort((a, b) => sign * (compareValues(a.key, b.key) ?? 0)).map(({ item }) => item);
}

function unique(call: Call): Json {
  const seen = new Set<string>();
  return call.list(0).filter((item) => {
    call.budget.inspect(item, call.at);
    const text = canonicalText(item);
    return !seen.has(text) && seen.add(text);
  });
}

function slice(call: Call): Json {
  const list = call.list(0);
  const most = Number.MAX_SAFE_INTEGER;
  return list.slice(call.integer(1, -most, most), call.value(2) === null ? undefined : call.integer(2, -most, most));
}

function flatten(call: Call): Json {
  const result: Json[] = [];
  for (const item of call.list(0)) {
    if (!Array.isArray(item)) {
      result.push(item);
      continue;
    }
    call.budget.spend(item.length, call.at);
    for (const inner of item) result.push(inner);
  }
  return result;
}

function merge(call: Call): Json {
  const result: JsonObject = {};
  for (let index = 0; index < call.count; index++) {
    if (call.value(index) === null) continue;
    for (const [key, value] of Object.entries(call.object(index))) setProperty(result, key, value);
  }
  return result;
}

function chosen(call: Call, keep: boolean): Json {
  const source = call.object(0);
  const keys = new Set<string>();
  for (const given of call.rest(1)) {
    for (const key of Array.isArray(given) ? given : [given]) {
      call.budget.spend(1, call.at);
      if (typeof key !== "string") throw call.fail("Expected keys as text");
      keys.add(key);
    }
  }
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(source)) if (keys.has(key) === keep) setProperty(result, key, value);
  return result;
}
