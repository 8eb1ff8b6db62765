import { assert, assertEquals, assertThrows } from "../../../tests/helpers/assert.ts";
import { Budget } from "../budget.ts";
import { NodeError } from "../../providers/mod.ts";
import { compileIRegexp, IRegexpError } from "./i_regexp.ts";

function test(pattern: string, text: string, mode: "match" | "search" = "match"): boolean {
  const budget = new Budget();
  return compileIRegexp(pattern).test(text, mode, (units) => budget.spend(units));
}

Deno.test("test() agrees with V8 on patterns that both understand", () => {
  const patterns = [
    "",
    "a",
    "ab|c",
    "a|b|",
    "(a|b)*c",
    "a*",
    "a+b?",
    "a{2}",
    "a{2,}",
    "a{0,2}b",
    "(ab){1,2}",
    "[a-c]+",
    "[^a-c]+",
    "[-a]b",
    "[a-]b",
    ".",
    "a.c",
    "(a*)*b",
    "((a|b)+c?)+",
    "\\.",
    "\\d+\\w\\s",
    "\\p{Lu}b",
    "\\P{L}",
    "[\\p{L}\\d]+",
    "a{0}b",
    "(|a)b",
  ];
  const texts = [
    "",
    "a",
    "b",
    "c",
    "ab",
    "aa",
    "aab",
    "abc",
    "abab",
    "a.c",
    "a\nc",
    "-b",
    "Éb",
    "1",
    "12x ",
    "ß1",
    "aaab",
    ".",
  ];
  for (const pattern of patterns) {
    for (const text of texts) {
      const whole = new RegExp(
        `^(?:${pattern.replaceAll(".", (dot, at) => pattern[at - 1] === "\\" ? dot : "[^\n\r]")})$`,
        "u",
      );
      assertEquals(test(pattern, text), whole.test(text), `match ${pattern} on ${JSON.stringify(text)}`);
      const part = new RegExp(whole.source.slice(1, -1), "u");
      assertEquals(test(pattern, text, "search"), part.test(text), `search ${pattern} on ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("test() takes ^ and $ at the ends of a branch as anchors and elsewhere as characters", () => {
  assert(test("^ab.*", "abc"));
  assert(test(".*bc$", "abc"));
  assertEquals(test("^b", "ab", "search"), false);
  assert(test("b$", "ab", "search"));
  assertEquals(test("a$", "ab", "search"), false);
  assert(test("^a|b$", "xb", "search"));
  assert(test("a^b", "a^b"));
  assert(test("a$b", "a$b"));
  assert(test("(^a|c$)", "bc", "search"));
});

Deno.test("test() counts characters, not UTF-16 units", () => {
  assert(test(".", "😀"));
  assert(test("[😀-😂]{2}", "😀😁"));
  assertEquals(test("..", "😀"), false);
});

Deno.test("compileIRegexp() refuses what is malformed or too large", () => {
  for (
    const pattern of [
      "(",
      ")",
      "a)",
      "(a",
      "*",
      "a**b{",
      "a{",
      "a{,2}",
      "a{2,1}",
      "a{1001}",
      "[",
      "[]",
      "[a",
      "[z-a]",
      "[a-z-9]",
      "\\",
      "\\b",
      "\\1",
      "\\p{Foo}",
      "\\p{Cs}",
      "(?:a)",
      "(?=a)",
      "[[a]]",
      "x{500}{500}",
      "a".repeat(1025),
      "(".repeat(200) + ")".repeat(200),
    ]
  ) {
    assertThrows(() => compileIRegexp(pattern), IRegexpError);
  }
});

Deno.test("test() stays linear on patterns that make V8 hang", () => {
  const started = performance.now();
  for (const pattern of ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}", "(a?){30}a{30}", "([a-z]+)*!"]) {
    test(pattern, "a".repeat(40) + "!", "search");
    test(pattern, "a".repeat(40) + "!", "match");
  }
  // Far above what it takes: it tells a blow-up, and is no measurement.
  assert(performance.now() - started < 10_000);
});

Deno.test("test() charges the budget and stops when it is used up", () => {
  const pattern = compileIRegexp("(a|b|.){300}z");
  const budget = new Budget(50_000);
  const error = assertThrows(
    () => pattern.test("a".repeat(5_000), "search", (units) => budget.spend(units)),
    NodeError,
  );
  assertEquals(error.retryable, false);
});
