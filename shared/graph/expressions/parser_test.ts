import { assertEquals, assertStringIncludes, assertThrows } from "../../../tests/helpers/assert.ts";
import { EXPRESSION_LIMITS } from "../limits.ts";
import { errorOf, valueOf } from "./_testing.ts";
import { ExpressionError } from "./error.ts";
import { parseExpression } from "./parser.ts";

Deno.test("parseExpression() understands every literal", () => {
  const literals: [source: string, value: unknown][] = [
    ["null", null],
    ["true", true],
    ["false", false],
    ["0", 0],
    ["12.50", 12.5],
    ["1e3", 1000],
    ["2E-2", 0.02],
    ["'it\\'s'", "it's"],
    ['"line\\n\\ttab \\u00e9 \\\\ \\/"', "line\n\ttab é \\ /"],
    ['"\\ud83d\\ude00"', "😀"],
    ["[]", []],
    ["[1, [2], ]", [1, [2]]],
    ["{}", {}],
    ["{a: 1, 'b c': {d: null},}", { a: 1, "b c": { d: null } }],
  ];
  for (const [source, value] of literals) assertEquals<unknown>(valueOf(source), value, source);
});

Deno.test("parseExpression() binds operators as JavaScript does", () => {
  const cases: [source: string, value: unknown][] = [
    ["1 + 2 * 3 - 4 / 2", 5],
    ["(1 + 2) * 3", 9],
    ["2 - 1 - 1", 0],
    ["7 % 4 * 2", 6],
    ["-2 * -3", 6],
    ["- - 1", 1],
    ["!true == false", true],
    ["!!1", true],
    ["1 < 2 == true", true],
    ["false && false || true", true],
    ["null ?? 0 || 5", 5],
    ["true ? 1 : false ? 2 : 3", 1],
    ["false ? 1 : false ? 2 : 3", 3],
    ["true ? false ? 1 : 2 : 3", 2],
    ["1 + 1 == 2 ? 'a' + 'b' : 'c'", "ab"],
    ["-[5][0]", -5],
    ["{a: {b: [1, 2]}}.a.b[1]", 2],
  ];
  for (const [source, value] of cases) assertEquals<unknown>(valueOf(source), value, source);
});

Deno.test("parseExpression() reads what the run knows", () => {
  const cases: [source: string, value: unknown][] = [
    ["trigger.body.amount", 4200],
    ['trigger["body"]["a b"]', 1],
    ["trigger.body.größe", "M"],
    ["trigger.body.lines[0].price", 5],
    ["trigger.body.lines[-1].price", 7],
    ["trigger.body.lines.length", 2],
    ["steps.cart.output.total", 12.5],
    ['steps["cart"].output.tags[1]', "vip"],
    ["steps.node-1.output", "dashed"],
    ["steps.7.output + 1", 8],
    ["steps . cart . output . total-2", 10.5],
    ["run.attempt", 1],
    ["flow.name + '/' + run.id", "Shop/018f"],
  ];
  for (const [source, value] of cases) assertEquals<unknown>(valueOf(source), value, source);
});

Deno.test("parseExpression() lists what is read", () => {
  const { steps, roots } = parseExpression('steps.b.output + steps["a-1"].output + steps.b.output');
  assertEquals([...steps], [["b", 0], ["a-1", 17]]);
  assertEquals(roots.has("trigger"), false);
  assertEquals(parseExpression("run.id == trigger.id").roots.has("trigger"), true);
});

Deno.test("parseExpression() lists the items and callbacks that are read, and where each stands first", () => {
  const { roots, callbacks, steps } = parseExpression('item.x + index + callbacks.w-1 + callbacks["w 2"] + item');
  assertEquals([...roots], [["item", 0], ["index", 9]]);
  assertEquals([...callbacks], [["w-1", 17], ["w 2", 33]]);
  assertEquals(steps.size, 0);
  assertEquals(errorOf("callbacks"), '0: Expected the id of a step: callbacks.<id> or callbacks["<id>"]');
  assertEquals(errorOf("callbacks[item]"), '0: Expected the id of a step: callbacks.<id> or callbacks["<id>"]');
});

Deno.test("parseExpression() says what is wrong, and where", () => {
  const cases: [source: string, error: string][] = [
    ["", "0: Expected an expression"],
    ["  ", "2: Expected an expression"],
    ["1 +", "3: Expected a value, found the end"],
    ["1 2", '2: Expected an operator or the end, found "2"'],
    ["(1", "2: Expected ), found the end"],
    ["[1 2]", '3: Expected , or ], found "2"'],
    ["{1: 2}", '1: Expected a key, found "1"'],
    ["{a 1}", '3: Expected :, found "1"'],
    ["true ? 1", "8: Expected :, found the end"],
    ["trigger.", '8: Expected a property name, or ["…"], found the end'],
    ["trigger.x.0", '10: Expected a property name, or ["…"], found "0"'],
    ["'open", "0: Expected the closing ' of this text"],
    ["'\\x'", "1: Unknown escape; write \\\\ for a backslash"],
    ["'\\u12'", "1: Expected four hex digits after \\u"],
    ["'\\ud83d'", "0: Cannot use half a character or NUL in text"],
    ["'\\u0000'", "0: Cannot use half a character or NUL in text"],
    ["1e999", "0: Cannot hold so large a number"],
    ["9007199254740993", "0: Cannot hold this number exactly; write it as text"],
    ["12px", "2: Expected an operator after the number"],
    ["amount", '0: Unknown name "amount"; known are trigger, steps, item, index, run, flow, callbacks and secrets'],
    [
      "tirgger.x",
      '0: Unknown name "tirgger"; did you mean trigger?; known are trigger, steps, item, index, run, flow, callbacks and secrets',
    ],
    [
      "upper",
      '0: Unknown name "upper"; write upper(…); known are trigger, steps, item, index, run, flow, callbacks and secrets',
    ],
    ["uper('a')", '0: Unknown function "uper"; did you mean upper?'],
    ["constructor()", '0: Unknown function "constructor"'],
    ["replace('a', 'b')", "0: Expected replace(text, search, replacement), got 2 arguments"],
    ["trigger.x.trim()", "10: Cannot call a method; write trim(value)"],
    ["steps", '0: Expected the id of a step: steps.<id> or steps["<id>"]'],
    ["steps[trigger.x].output", '0: Expected the id of a step: steps.<id> or steps["<id>"]'],
    ["1 === 1", "2: Use == to compare (it never converts)"],
    ["1 !== 1", "2: Use != to compare (it never converts)"],
    ["trigger?.x", "7: Use . instead of ?. (a missing property is null already)"],
    ["1 = 1", "2: Use == to compare"],
    ["1 & 1", "2: Use &&"],
    ["1 # 1", '2: Unexpected character "#"'],
    ["{__proto__: 1}", "1: Cannot use __proto__ as a key"],
    ["new Date()", '0: Unknown name "new"; known are trigger, steps, item, index, run, flow, callbacks and secrets'],
  ];
  for (const [source, error] of cases) assertEquals(errorOf(source), error, source);
});

Deno.test("parseExpression() refuses what is too long or too deep, without running out of stack", () => {
  const { depth, sourceLength } = EXPRESSION_LIMITS;
  assertStringIncludes(errorOf(`"${"x".repeat(sourceLength)}"`), "Cannot be longer");
  for (
    const source of [
      "(".repeat(2000),
      "!".repeat(2000) + "1",
      "-".repeat(2000) + "1",
      "[".repeat(2000),
      "{a:".repeat(1000),
      "abs(".repeat(1000),
      Array(1000).fill("1").join("+"),
      "trigger" + ".a".repeat(1500),
      "1?".repeat(1500),
    ]
  ) assertThrows(() => parseExpression(source), ExpressionError, "Cannot nest so deeply");
  assertEquals(valueOf(`${"(".repeat(depth - 1)}1${")".repeat(depth - 1)}`), 1);
});
