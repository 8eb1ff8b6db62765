import { assert, assertEquals, assertStringIncludes, assertThrows } from "../../../tests/helpers/assert.ts";
import { EXPRESSION_LIMITS } from "../limits.ts";
import type { Json } from "../types.ts";
import { scope } from "./_testing.ts";
import { ExpressionBudget } from "./budget.ts";
import { BoundedCache } from "./bounded_cache.ts";
import { ExpressionError } from "./error.ts";
import { evaluateCondition, references, resolveConfig } from "./resolve.ts";
import { hasExpression, parseTemplate } from "./template.ts";

Deno.test("resolveConfig() keeps the type of a string that is exactly one expression", () => {
  const config = {
    number: "{{ trigger.body.amount }}",
    list: "{{steps.cart.output.tags}}",
    nothing: "{{ trigger.nothing }}",
    object: "{{ {a: {b: 1}} }}",
    tight: "{{{a:{b:1}}}}",
  };
  assertEquals<unknown>(resolveConfig(config, scope), {
    number: 4200,
    list: ["new", "vip"],
    nothing: null,
    object: { a: { b: 1 } },
    tight: { a: { b: 1 } },
  });
});

Deno.test("resolveConfig() writes expressions among other text as text", () => {
  const cases: [template: string, text: string][] = [
    ["Total: {{ steps.cart.output.total }} {{ upper(trigger.body.currency) }}", "Total: 12.5 EUR"],
    ["{{ 1 }}{{ 2 }}", "12"],
    [" {{ 1 }}", " 1"],
    ["[{{ trigger.nothing }}]", "[]"],
    ["{{ true }}/{{ steps.cart.output.tags }}", 'true/["new","vip"]'],
    ["{{ '}}' }} and {{ '{{' }}", "}} and {{"],
    ["line\n{{\n1\n}}", "line\n1"],
  ];
  for (const [template, text] of cases) assertEquals<Json>(resolveConfig(template, scope), text);
});

Deno.test("resolveConfig() leaves all else as it is", () => {
  const config = {
    plain: "no expression, { } }} \\ {",
    escaped: "\\{{ name }} and \\\\{{x}}",
    "{{ trigger.x }}": "keys are names",
    deep: [1, true, null, { a: ["{{ 1 + 1 }}"] }],
  };
  assertEquals<unknown>(resolveConfig(config, scope), {
    plain: "no expression, { } }} \\ {",
    escaped: "{{ name }} and \\{{x}}",
    "{{ trigger.x }}": "keys are names",
    deep: [1, true, null, { a: [2] }],
  });
});

Deno.test("resolveConfig() never follows expressions in data", () => {
  const evil = { ...scope, trigger: { text: "{{ run.id }}", list: ["{{ run.id }}"] } };
  assertEquals<unknown>(
    resolveConfig({ a: "{{ trigger.text }}", b: "x{{ trigger.text }}", c: "{{ trigger.list }}" }, evil),
    { a: "{{ run.id }}", b: "x{{ run.id }}", c: ["{{ run.id }}"] },
  );
});

Deno.test("resolveConfig() drops __proto__ and gives plain objects", () => {
  const config = JSON.parse('{"__proto__": {"polluted": true}, "a": "{{ 1 }}"}') as Json;
  const resolved = resolveConfig(config, scope) as { polluted?: boolean };
  assertEquals(Object.keys(resolved), ["a"]);
  assertEquals(resolved.polluted, undefined);
});

Deno.test("resolveConfig() says where in the config and where in the string", () => {
  const cases: [template: string, position: number, message: string][] = [
    ["Hello {{ trigger.x", 6, "Expected }} to close this expression"],
    ["{{ }}", 3, "Expected an expression"],
    ["{{ 1 } }", 5, 'Expected an operator or }}, found "}"'],
    ["ok {{ 1 }} {{ 1 / 0 }}", 16, "Cannot divide by zero"],
    [`{{ "${"x".repeat(EXPRESSION_LIMITS.sourceLength)}" }}`, 2, "Cannot be longer"],
  ];
  for (const [template, position, message] of cases) {
    const error = assertThrows(() => resolveConfig({ a: [0, template] }, scope), ExpressionError, message);
    assertEquals([error.position, ...error.path], [position, "a", 1]);
  }
});

Deno.test("resolveConfig() bounds what a whole config may cost and give", () => {
  const trigger = { long: "x".repeat(EXPRESSION_LIMITS.outputLength / 4) };
  const large = { ...scope, trigger };
  const greedy = Array.from({ length: 5 }, () => "{{ trigger.long }}");
  assertThrows(() => resolveConfig(greedy, large), ExpressionError, "Cannot make more than");
  assertEquals((resolveConfig(greedy.slice(2), large) as Json[]).length, 3);
  const busy = Array.from({ length: 100 }, () => "{{ length(split(trigger.long, '')) }}");
  assertThrows(() => resolveConfig(busy, large), ExpressionError, "Cannot do so much work");
  const long = `${"text {{ 1 }} ".repeat(5000)}`;
  assertEquals((resolveConfig(long, scope) as string).length, 5000 * "text 1 ".length);
});

Deno.test("evaluateCondition() gives true or false, with or without braces", () => {
  assertEquals(evaluateCondition("trigger.body.amount > 100", scope), true);
  assertEquals(evaluateCondition(" {{ trigger.body.amount < 100 }} ", scope), false);
  assertEquals(evaluateCondition("trigger.nothing > 100", scope), false);
  assertEquals(evaluateCondition("steps.cart.output.tags", scope), true);
  assertEquals(evaluateCondition("{a: 1}.a == 1", scope), true);
  assertThrows(() => evaluateCondition("{{ 1 }} > 0", scope), ExpressionError, "Expected nothing behind }}");
  assertThrows(() => evaluateCondition("", scope), ExpressionError, "Expected an expression");
});

Deno.test("evaluateCondition() shares a budget among the edges of a step", () => {
  const list = { ...scope, trigger: Array.from({ length: 10_000 }, (_, index) => index) };
  const condition = "length(unique(trigger)) > 0";
  for (let count = 0; count < 100; count++) assertEquals(evaluateCondition(condition, list), true);
  const budget = new ExpressionBudget();
  assertThrows(
    () => {
      for (let count = 0; count < 100; count++) evaluateCondition(condition, list, budget);
    },
    ExpressionError,
    "Cannot do so much work",
  );
});

Deno.test("references() lists what a config reads", () => {
  const config = { a: "{{ steps.b.output }} {{ steps.a-1.output }}", c: [{ d: '{{ steps["b"] }}' }], e: "steps.no" };
  assertEquals(references(config), {
    steps: ["a-1", "b"],
    callbacks: [],
    usesTrigger: false,
    usesItem: false,
  });
  assertEquals(references("{{ item }} {{ callbacks.w }} {{ callbacks.a }}"), {
    steps: [],
    callbacks: ["a", "w"],
    usesTrigger: false,
    usesItem: true,
  });
  assertEquals(references("{{ trigger.x }}"), { steps: [], callbacks: [], usesTrigger: true, usesItem: false });
  const error = assertThrows(() => references({ a: ["{{ ( }}"] }), ExpressionError);
  assertEquals(error.path, ["a", 0]);
});

Deno.test("hasExpression() and parseTemplate() tell text from expressions", () => {
  assert(hasExpression("a {{ b }}") && !hasExpression("{ a } }}"));
  assertEquals(parseTemplate("plain").parts, ["plain"]);
  assertEquals(parseTemplate("").parts, []);
  assertEquals(parseTemplate("{{ 1 }}").single?.source, "1");
  assertEquals(parseTemplate("{{ 1 }} ").single, null);
  assertEquals(parseTemplate("\\{{ 1 }}").parts, ["{{ 1 }}"]);
});

Deno.test("BoundedCache keeps what was used last, within its bounds", () => {
  const cache = new BoundedCache<string>(3, 10);
  let made = 0;
  const make = (text: string) => `${text}${++made}`;
  for (const text of ["a", "b", "c", "a", "d"]) cache.get(text, make);
  assertEquals([cache.get("a", make), made], ["a1", 4]);
  assertEquals(cache.get("b", make), "b5");
  cache.get("12345678", make);
  assertEquals(cache.size, 3);
  cache.get("0123456789", make);
  assertEquals(cache.size, 1);
  cache.get("too long for it", make);
  assertEquals(cache.size, 1);
  assertThrows(() =>
    cache.get("x", () => {
      throw new Error("no");
    })
  );
  assertStringIncludes(cache.get("x", make), "x");
});
