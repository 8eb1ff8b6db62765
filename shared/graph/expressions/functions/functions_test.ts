import { assert, assertEquals } from "../../../../tests/helpers/assert.ts";
import { errorOf, scope, valueOf } from "../_testing.ts";
import { findFunction, functionNames, listFunctions } from "./mod.ts";

for (const { name, example, result } of listFunctions()) {
  Deno.test(`${name}() gives what its example says`, () => assertEquals(valueOf(example), result));
}

Deno.test("functions are described completely, once each", () => {
  const infos = listFunctions();
  assertEquals(new Set(functionNames()).size, infos.length);
  for (const { name, signature, description, example } of infos) {
    assert(signature.startsWith(`${name}(`) && signature.endsWith(")"), name);
    assert(description.endsWith("."), name);
    assert(example.includes(`${name}(`), name);
  }
});

Deno.test("functions read their arity from the signature", () => {
  const arities = ["upper", "join", "concat", "substring", "pick", "formatDate", "if", "dateDiff"].map((name) => {
    const { least, most } = findFunction(name)?.arity ?? { least: -1, most: -1 };
    return [name, least, most];
  });
  assertEquals(arities, [
    ["upper", 1, 1],
    ["join", 1, 2],
    ["concat", 0, Infinity],
    ["substring", 2, 3],
    ["pick", 1, Infinity],
    ["formatDate", 1, 2],
    ["if", 2, 3],
    ["dateDiff", 2, 3],
  ]);
});

Deno.test("functions give null for null, so that what is missing stays missing", () => {
  const calls = ["upper(null)", "length(trigger.nothing)", "sum(null)", "round(null)", "keys(null)", "parseDate(null)"];
  for (const source of calls) assertEquals(valueOf(source), null, source);
});

const MORE: [source: string, value: unknown][] = [
  ["length('')", 0],
  ["length({a: 1, b: 2})", 2],
  ["contains([1, [2]], [2])", true],
  ["contains('abc', '')", true],
  ["split('', ',')", [""]],
  ["split('😀a', '')", ["😀", "a"]],
  ["join([], ',')", ""],
  ["join([null, {a: 1}])", ', {"a":1}'],
  ["substring('a😀b', 1, 2)", "😀"],
  ["substring('abc', -2)", "bc"],
  ["substring('abc', 2, 1)", ""],
  ["padStart('abc', 2)", "abc"],
  ["padStart('😀', 3, '→')", "→→😀"],
  ["padStart('a', 3, '')", "a"],
  ["base64Encode('')", ""],
  ["base64Decode('_-8')", null],
  ["base64Decode('not base64!')", null],
  ["base64Decode('AA==')", null],
  ["base64Decode('4pyT4pyT-_') ?? 'none'", "none"],
  ["base64Decode('aGk')", "hi"],
  ["urlEncode(5)", "5"],
  ["round(1.005, 2)", 1.01],
  ["round(-2.5)", -3],
  ["round(2.5)", 3],
  ["round(1e21)", 1e21],
  ["round(1e-10, 2)", 0],
  ["round(123456789.125, 2)", 123456789.13],
  ["round(0 - 0.2)", 0],
  ["min()", null],
  ["max([])", null],
  ["min(null, 4)", 4],
  ["max([1, 5, null])", 5],
  ["sum([])", 0],
  ["first([])", null],
  ["last([])", null],
  ["pluck([{a: {b: [1, 2]}}, {a: null}, 5, null], 'a.b.-1')", [2, null, null, null]],
  ["where([{s: 'a'}, {s: 'b'}, {}], 's', null)", [{}]],
  ["unique([{a: 1, b: 2}, {b: 2, a: 1}, null, null])", [{ a: 1, b: 2 }, null]],
  ["sort([true, 'a', 2, null, false, 1])", [null, false, true, 1, 2, "a"]],
  ["sort([1, 2, 3], 'desc')", [3, 2, 1]],
  ["sortBy([{k: 2, i: 1}, {k: 1}, {k: 2, i: 2}], 'k')", [{ k: 1 }, { k: 2, i: 1 }, { k: 2, i: 2 }]],
  ["slice([1, 2, 3], -2)", [2, 3]],
  ["flatten([])", []],
  ["includes('abc', 'b')", true],
  ["merge()", {}],
  ["merge(null, {a: 1})", { a: 1 }],
  ["merge({a: {b: 1}}, {a: {c: 2}})", { a: { c: 2 } }],
  ["omit({a: 1, b: 2, c: 3}, 'a', ['b'])", { c: 3 }],
  ["string(1.50)", "1.5"],
  ["string(null)", ""],
  ["number('1e3')", 1000],
  ["number('.5')", 0.5],
  ["number('-3.')", -3],
  ["number('0x10')", null],
  ["number('1,000')", null],
  ["number('')", null],
  ["number('Infinity')", null],
  ["number('1e999')", null],
  ["number([])", null],
  ["number(true)", 1],
  ["boolean('maybe')", null],
  ["boolean('YES ')", true],
  ["boolean([])", true],
  ["boolean(null)", false],
  ["json(null)", "null"],
  ["json('a\"b')", '"a\\"b"'],
  ["parseJson('nope')", null],
  ["parseJson('1e999')", null],
  ["parseJson('\"\\\\u0000\"')", null],
  ["parseJson('\"\\\\ud800\"')", null],
  ['parseJson(\'{"a":{"__proto__":1,"b":2}}\')', { a: { b: 2 } }],
  ["parseDate('2024-02-29')", "2024-02-29T00:00:00.000Z"],
  ["parseDate('2023-02-29')", null],
  ["parseDate('2026-13-01')", null],
  ["parseDate('2026-01-01T24:00:00Z')", null],
  ["parseDate('2026-01-01 12:30')", "2026-01-01T12:30:00.000Z"],
  ["parseDate('2026-01-01T12:30:15.123456-0530')", "2026-01-01T18:00:15.123Z"],
  ["parseDate('0099-01-01')", "0099-01-01T00:00:00.000Z"],
  ["parseDate('0000-01-01T00:00:00+10:00')", null],
  ["parseDate('next week')", null],
  ["parseDate(1700000000)", "2023-11-14T22:13:20.000Z"],
  ["parseDate(1e300)", null],
  ["parseDate({})", null],
  ["formatDate(0)", "1970-01-01T00:00:00.000Z"],
  ["formatDate('2026-03-07T04:05:06.078Z', 'YY-M-D H:mm:ss.SSS dddd MMM')", "26-3-7 4:05:06.078 Saturday Mar"],
  ["formatDate('2026-03-07', '[YYYY] [is] YYYY []')", "YYYY is 2026 "],
  ["addSeconds(0, -1.5)", "1969-12-31T23:59:58.500Z"],
  ["dateDiff('2026-01-02', '2026-01-01', 'hours')", -24],
  ["dateDiff('2026-01-02', null)", null],
  ["if(null, 1)", null],
  ["coalesce()", null],
  ["default({}, 1)", 1],
  ["default(false, 1)", false],
  ["isEmpty(0)", false],
  ["isEmpty(null)", true],
  ["default(null, 1)", 1],
  ["coalesce(null, 2)", 2],
  ["concat(null, 1)", "1"],
  ["isEmpty({})", true],
];

Deno.test("functions keep to their word at the edges", () => {
  for (const [source, value] of MORE) assertEquals<unknown>(valueOf(source), value, source);
});

Deno.test("functions do not change what they are given", () => {
  const before = JSON.stringify(scope);
  const list = "trigger.body.lines";
  for (
    const call of [
      `reverse(${list})`,
      `sortBy(${list}, "price", "desc")`,
      `merge(trigger, {body: 1})`,
      `omit(trigger, "body")`,
      `flatten([${list}])`,
      `unique(${list})`,
    ]
  ) valueOf(call);
  assertEquals(JSON.stringify(scope), before);
});

Deno.test("functions refuse keys that are no text", () => {
  assertEquals(errorOf("pick({a: 1}, 1)"), "0: Expected keys as text");
});
