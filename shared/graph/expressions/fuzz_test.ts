import { assert, assertEquals } from "../../../tests/helpers/assert.ts";
import { type Random, randomJson, randomOf, seeds } from "../_testing.ts";
import { EXPRESSION_LIMITS } from "../limits.ts";
import type { ExpressionScope, Json } from "../types.ts";
import { scope } from "./_testing.ts";
import { ExpressionError } from "./error.ts";
import { evaluate } from "./evaluate.ts";
import { functionNames, listFunctions } from "./functions/mod.ts";
import { parseExpression } from "./parser.ts";
import { evaluateCondition, resolveConfig } from "./resolve.ts";

const ROUNDS = 4000;
const NUMBERS = ["0", "1", "-1", "2", "0.5", "1e15", "3", "1e-7"];
const TEXTS = ['""', '"a"', '"a.b"', '"2026-11-05"', '"{}"', '"__proto__"', '"😀"', '"desc"', '"days"', '"12"'];
const PATHS = [
  "trigger",
  "trigger.body",
  "trigger.body.lines",
  "steps.cart.output.tags",
  "run",
  "flow.name",
  "trigger.x",
];
const BINARY = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "??"];

/** Writes an expression that parses, of any types. */
function randomSource(random: Random, depth: number): string {
  const again = () => randomSource(random, depth - 1);
  const several = () => Array.from({ length: random.below(4) }, again).join(", ");
  switch (random.below(depth > 0 ? 12 : 4)) {
    case 0:
      return random.pick(NUMBERS);
    case 1:
      return random.pick(TEXTS);
    case 2:
      return random.pick(PATHS);
    case 3:
      return random.pick(["null", "true", "false", "[]", "{}"]);
    case 4:
      return `(${again()} ${random.pick(BINARY)} ${again()})`;
    case 5:
      return `${random.pick(["!", "-"])}${again()}`;
    case 6:
      return `(${again()} ? ${again()} : ${again()})`;
    case 7:
      return `[${several()}]`;
    case 8:
      return `{a: ${again()}, "__b": ${again()}, constructor: ${again()}}`;
    case 9:
      return `(${again()})${random.pick([".a", ".length", ".constructor", '["__proto__"]', `[${again()}]`])}`;
    default:
      return randomCall(random, again);
  }
}

/** Writes a call with a fitting number of arguments, half of the time of the kinds that its example has. */
function randomCall(random: Random, again: () => string): string {
  const { name, signature, example } = random.pick(listFunctions());
  if (random.chance(0.3)) return example;
  const params = signature.slice(name.length + 1, -1).split(/, (?=[a-z…])/).filter((param) => param !== "");
  return `${name}(${params.map(again).join(", ")})`;
}

/** Writes what need not parse: words of the language in any order. */
function randomWords(random: Random): string {
  const words = [...NUMBERS, ...TEXTS, ...PATHS, ...BINARY, ...functionNames(), ...".,()[]{}?:!'\"\\=& \n", "{{", "}}"];
  return Array.from({ length: random.below(14) }, () => random.pick(words)).join(random.pick(["", " "]));
}

/** Writes any characters at all. */
function randomCharacters(random: Random): string {
  return Array.from({ length: random.below(30) }, () => String.fromCharCode(random.below(0x10000) >> random.below(12)))
    .join("");
}

/** Fails unless a value is plain JSON that a database can hold, and no larger than allowed. */
function assertJson(value: Json, source: string) {
  const text = JSON.stringify(value);
  assertEquals(JSON.parse(text), value, source);
  assert(text.length <= 6 * EXPRESSION_LIMITS.outputLength, source);
  visit(value);
  function visit(part: Json) {
    if (typeof part === "string") return assert(part.isWellFormed() && !part.includes("\0"), source);
    if (part === null || typeof part !== "object") return assert(part !== undefined && !Object.is(part, -0), source);
    const prototype = Array.isArray(part) ? Array.prototype : Object.prototype;
    assert(Object.getPrototypeOf(part) === prototype, source);
    assert(!Object.hasOwn(part, "__proto__"), source);
    Object.values(part).forEach(visit);
  }
}

/** Runs what may only fail in the one way that it may. */
function attempt(source: string, within: ExpressionScope): boolean {
  try {
    assertJson(evaluate(parseExpression(source), within), source);
    return true;
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw new Error(`${source}: ${error}`, { cause: error });
    assert(error.position >= 0 && error.position <= source.length, source);
    assert(/^[A-Za-z]/.test(error.message), source);
    return false;
  }
}

Deno.test("evaluate() gives JSON or an ExpressionError for whatever parses", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      let worked = 0;
      for (let count = 0; count < ROUNDS; count++) if (attempt(randomSource(random, 4), scope)) worked++;
      assert(worked > ROUNDS / 10, `only ${worked} gave a value: the fuzzer is too wild to find anything`);
    });
  }
});

Deno.test("parseExpression() gives an ExpressionError for what does not parse", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < ROUNDS; count++) {
        attempt(random.chance(0.5) ? randomWords(random) : randomCharacters(random), scope);
      }
    });
  }
});

Deno.test("resolveConfig() and evaluateCondition() fail in one way only", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      for (let count = 0; count < ROUNDS; count++) {
        const text = Array.from({ length: random.below(4) }, () => {
          return random.pick([`{{ ${randomSource(random, 2)} }}`, "{{", "}}", "\\{{", "text", randomWords(random)]);
        }).join("");
        for (const run of [() => resolveConfig([text], scope), () => evaluateCondition(text, scope)]) {
          try {
            run();
          } catch (error) {
            if (!(error instanceof ExpressionError)) throw new Error(`${text}: ${error}`, { cause: error });
          }
        }
      }
    });
  }
});

Deno.test("evaluate() is safe with any data in the scope", async (t) => {
  for (const seed of seeds()) {
    await t.step(`seed ${seed}`, () => {
      const random = randomOf(seed);
      const before = Object.keys(Object.prototype).length;
      for (let count = 0; count < ROUNDS; count++) {
        const trigger = randomJson(random, 5);
        const source = random.pick(listFunctions()).name + "(trigger, trigger.a, 2)";
        const within = { ...scope, trigger, steps: { cart: { output: randomJson(random, 4) } } };
        for (
          const text of [
            source,
            source.replace(", 2", ""),
            source.replace(", trigger.a, 2", ""),
            "trigger == steps.cart",
          ]
        ) {
          try {
            evaluate(parseExpression(text), within);
          } catch (error) {
            if (!(error instanceof ExpressionError)) throw new Error(`${text}: ${error}`, { cause: error });
          }
        }
      }
      assertEquals(Object.keys(Object.prototype).length, before);
    });
  }
});
