import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { NodeError } from "../providers/mod.ts";
import { outputOf } from "./_test_context.ts";
import { actionTransform } from "./action_transform.ts";
import { checkNodeConfig } from "./check_config.ts";

function transform(input: Json, ...operations: JsonObject[]): Promise<Json> {
  return outputOf(actionTransform, { input, operations });
}

async function fails(input: Json, operation: JsonObject, code = "node_config_invalid"): Promise<void> {
  const error = await assertRejects(() => transform(input, operation), NodeError);
  assertEquals([error.code, error.retryable], [code, false], error.message);
}

const ITEMS: Json = [
  { name: "Pen", price: 2, tags: ["small"], maker: { name: "A" } },
  { name: "Lamp", price: 40, tags: [], maker: { name: "B" } },
  { name: "Desk", price: 200, tags: ["big", "wood"], maker: { name: "A" } },
];

Deno.test("transform gives its input when there is nothing to do, and an empty object without one", async () => {
  assertEquals(await transform([1]), [1]);
  assertEquals(await outputOf(actionTransform, {}), {});
});

Deno.test("set makes what lies between and never changes its input", async () => {
  const input = { a: { b: 1 }, list: [{ x: 1 }] };
  const before = structuredClone(input);
  assertEquals(
    await transform(input, { op: "set", fields: { "a.c.d": 2, "list.0.x": 5, "list.2": 7, "e\\.f": null } }),
    { a: { b: 1, c: { d: 2 } }, list: [{ x: 5 }, null, 7], "e.f": null },
  );
  assertEquals(input, before);
  assertEquals(await transform("text", { op: "set", fields: { a: 1 } }), { a: 1 });
});

Deno.test("set refuses paths to prototypes and gives lists no giant gaps", async () => {
  for (const path of ["__proto__.x", "a.constructor.b", "prototype", "", "a..b", "."]) {
    await fails({}, { op: "set", fields: { [path]: 1 } });
  }
  assertEquals(await transform([1], { op: "set", fields: { "999999999": 1 } }), { "999999999": 1 });
  assertEquals(({} as Record<string, unknown>)["x"], undefined);
});

Deno.test("jsonpath gives all values or the first", async () => {
  assertEquals(await transform(ITEMS, { op: "jsonpath", path: "$[?@.price > 10].name" }), ["Lamp", "Desk"]);
  assertEquals(await transform(ITEMS, { op: "jsonpath", path: "$..price", result: "first" }), 2);
  assertEquals(await transform(ITEMS, { op: "jsonpath", path: "$.none", result: "first" }), null);
});

Deno.test("pick and omit take one object or each of a list", async () => {
  assertEquals(await transform(ITEMS, { op: "pick", fields: ["name", "maker.name", "none"] }), [
    { name: "Pen", maker: { name: "A" } },
    { name: "Lamp", maker: { name: "B" } },
    { name: "Desk", maker: { name: "A" } },
  ]);
  assertEquals(await transform({ a: { b: 1, c: 2 }, d: [1, 2] }, { op: "omit", fields: ["a.b", "d.0", "x.y.z"] }), {
    a: { c: 2 },
    d: [2],
  });
  assertEquals(await transform([1, null, { a: 1 }], { op: "omit", fields: ["a"] }), [1, null, {}]);
});

Deno.test("rename moves fields and lets two change places", async () => {
  assertEquals(
    await transform({ a: 1, b: 2, c: { d: 3 } }, { op: "rename", fields: { a: "b", b: "a", "c.d": "e.f" } }),
    {
      a: 2,
      b: 1,
      c: {},
      e: { f: 3 },
    },
  );
});

Deno.test("merge joins objects, deep when asked", async () => {
  assertEquals(await transform({ a: { x: 1 }, b: 1 }, { op: "merge", with: { a: { y: 2 } } }), { a: { y: 2 }, b: 1 });
  assertEquals(await transform({ a: { x: 1 } }, { op: "merge", with: [{ a: { y: 2 } }, { c: 3 }], deep: true }), {
    a: { x: 1, y: 2 },
    c: 3,
  });
  assertEquals(await transform([{ a: 1 }, { b: 2 }, 5], { op: "merge" }), { a: 1, b: 2 });
});

Deno.test("merge never reaches a prototype", async () => {
  const evil = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}') as Json;
  assertEquals(await transform({}, { op: "merge", with: evil, deep: true }), {});
  assertEquals(({} as Record<string, unknown>)["polluted"], undefined);
});

Deno.test("flatten and unflatten are each other's opposite", async () => {
  const nested = { a: { b: 1, c: [{ d: 2 }, 3] }, e: {}, f: [] };
  const flat = { "a.b": 1, "a.c.0.d": 2, "a.c.1": 3, e: {}, f: [] };
  assertEquals(await transform(nested, { op: "flatten" }), flat);
  assertEquals(await transform(flat, { op: "unflatten" }), nested);
  assertEquals(await transform(nested, { op: "flatten", separator: "/", depth: 1 }), {
    "a/b": 1,
    "a/c": [{ d: 2 }, 3],
    e: {},
    f: [],
  });
  assertEquals(await transform([1, [2, [3]]], { op: "flatten", depth: 1 }), [1, 2, [3]]);
});

Deno.test("unflatten makes no list with holes and no prototype", async () => {
  assertEquals(await transform({ "a.0": 1, "a.2": 2, "b.1000000000": 1 }, { op: "unflatten" }), {
    a: { "0": 1, "2": 2 },
    b: { "1000000000": 1 },
  });
  assertEquals(
    await transform({ "__proto__.x": 1, "a.constructor": 1, "a": { x: 1 }, "a.y": 2 }, { op: "unflatten" }),
    {
      a: { x: 1, y: 2 },
    },
  );
  assertEquals(({} as Record<string, unknown>)["x"], undefined);
});

Deno.test("group makes lists by the text of a field", async () => {
  const grouped = await transform(ITEMS, { op: "group", by: "maker.name" }) as JsonObject;
  assertEquals(Object.keys(grouped), ["A", "B"]);
  assertEquals((grouped["A"] as Json[]).length, 2);
  assertEquals(await transform([{ k: 1 }, {}, { k: null }], { op: "group", by: "k" }), {
    "1": [{ k: 1 }],
    "": [{}, { k: null }],
  });
});

Deno.test("sort orders by type, then value, and keeps equals in place", async () => {
  assertEquals(await transform(["b", 2, null, "a", true, 1, [1], false], { op: "sort" }), [
    null,
    false,
    true,
    1,
    2,
    "a",
    "b",
    [1],
  ]);
  assertEquals(
    await transform([{ k: 1, n: "a" }, { k: 2, n: "b" }, { k: 1, n: "c" }], { op: "sort", by: "k", order: "desc" }),
    [{ k: 2, n: "b" }, { k: 1, n: "a" }, { k: 1, n: "c" }],
  );
});

Deno.test("filter keeps what its expression lets through", async () => {
  assertEquals(
    await transform(ITEMS, { op: "filter", where: "@.price > 10 && @.tags[0]" }, { op: "jsonpath", path: "$[*].name" }),
    ["Desk"],
  );
});

Deno.test("map makes values, objects or texts", async () => {
  assertEquals(await transform(ITEMS, { op: "map", path: "$.maker.name" }), ["A", "B", "A"]);
  assertEquals(await transform(ITEMS, { op: "map", fields: { "of.item": "$.name", tags: "$.tags[*]" } }), [
    { of: { item: "Pen" }, tags: ["small"] },
    { of: { item: "Lamp" }, tags: [] },
    { of: { item: "Desk" }, tags: ["big", "wood"] },
  ]);
  assertEquals(await transform(ITEMS, { op: "map", template: "${$.name}: ${$.price} (${$.tags[*]})" }), [
    "Pen: 2 (small)",
    "Lamp: 40 ()",
    "Desk: 200 (big, wood)",
  ]);
});

Deno.test("reduce makes one value and leaves null out", async () => {
  const of = (name: string, more: JsonObject = {}) => transform(ITEMS, { op: "reduce", function: name, ...more });
  assertEquals(await of("sum", { by: "price" }), 242);
  assertEquals(await of("min", { by: "price" }), 2);
  assertEquals(await of("max", { by: "name" }), "Pen");
  assertEquals(await of("count"), 3);
  assertEquals(await of("join", { by: "name", separator: "/" }), "Pen/Lamp/Desk");
  assertEquals(await of("first", { by: "none" }), null);
  assertEquals(await transform([1, null, 3], { op: "reduce", function: "average" }), 2);
  assertEquals(await transform([], { op: "reduce", function: "average" }), null);
  assertEquals(await transform([], { op: "reduce", function: "sum" }), 0);
});

Deno.test("template fills in paths; $${ and quotes keep their meaning", async () => {
  const template = "Dear ${ $.name }, $${x} ${$['odd}name']} ${$.none}!";
  assertEquals(
    await transform({ name: "Ada", "odd}name": { a: 1 } }, { op: "template", template }),
    'Dear Ada, ${x} {"a":1} !',
  );
});

Deno.test("operations on lists say when the value is none", async () => {
  for (const op of [{ op: "sort" }, { op: "group", by: "a" }, { op: "map", path: "$" }, { op: "filter", where: "@" }]) {
    await fails({}, op);
  }
  await fails(["a"], { op: "reduce", function: "sum" });
  await fails([1e308, 1e308], { op: "reduce", function: "sum" });
});

Deno.test("checkConfig finds every fault at its path", () => {
  const issues = checkNodeConfig(actionTransform, {
    input: {},
    extra: 1,
    operations: [
      { op: "nope" },
      { op: "jsonpath", path: "$[" },
      { op: "filter", where: "@], $[*" },
      { op: "map" },
      { op: "template", template: "${$.a" },
      { op: "set", fields: { "a..b": 1 } },
      { op: "pick", fields: [] },
    ],
  });
  const paths = issues.map((issue) => issue.path.join("."));
  assertEquals(paths.toSorted(), [
    "extra",
    "operations.0.op",
    "operations.1.path",
    "operations.2.where",
    "operations.3",
    "operations.4.template",
    "operations.5.fields.a..b",
    "operations.6.fields",
  ]);
});

Deno.test("transform stops results that double with every operation", async () => {
  const double = { op: "map", fields: { a: "$", b: "$" } };
  const error = await assertRejects(
    () => outputOf(actionTransform, { input: [{ x: 1 }], operations: Array.from({ length: 50 }, () => double) }),
    NodeError,
  );
  assert(["output_too_large", "node_config_invalid"].includes(error.code));
});

Deno.test("transform stops work that is out of proportion", async () => {
  const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index]));
  const fields = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`k${index}`, index]));
  const long = "x".repeat(500_000);
  const attacks: [Json, JsonObject][] = [
    [wide, { op: "set", fields }],
    [Array.from({ length: 100_000 }, () => [1, [2]]), { op: "map", path: "$..*..*..*" }],
    [Array.from({ length: 100_000 }, (_, index) => index), { op: "map", template: `\${$}${"y".repeat(100)}` }],
    [{ long }, { op: "template", template: "${$.long}".repeat(10) }],
    [Array.from({ length: 20 }, () => long), { op: "reduce", function: "join" }],
  ];
  for (const [input, operation] of attacks) {
    // Work is counted, so the clock says nothing.
    const error = await assertRejects(() => transform(input, operation), NodeError);
    assert(["node_config_invalid", "output_too_large"].includes(error.code), `${operation["op"]}: ${error.message}`);
  }
});
