import { assertEquals } from "../../tests/helpers/assert.ts";
import { toJson } from "./_to_json.ts";
import { GRAPH_LIMITS } from "./limits.ts";
import { Problems } from "./problems.ts";
import type { Json } from "./types.ts";

/** The copy, and the codes and paths of the problems. */
function copyOf(value: unknown): { copy: Json | undefined; problems: string[] } {
  const problems = new Problems();
  const copy = toJson(value, problems);
  return { copy, problems: problems.list().map(({ code, path }) => `${code} ${path}`) };
}

Deno.test("toJson() copies JSON as it is", () => {
  const value = { a: [1, -0.5, "é😀", true, null, { b: {} }], constructor: { prototype: 1 } };
  const { copy, problems } = copyOf(value);
  assertEquals<unknown>(copy, value);
  assertEquals(problems, []);
  assertEquals((copy as { a: unknown[] }).a === value.a, false);
});

Deno.test("toJson() leaves out what is undefined, as JSON does", () => {
  assertEquals(copyOf({ a: undefined, b: [undefined, 1] }).copy, { b: [null, 1] });
});

Deno.test("toJson() drops __proto__ without touching a prototype", () => {
  const { copy, problems } = copyOf(JSON.parse('{"a": {"__proto__": {"polluted": 1}, "b": 2}}'));
  assertEquals<unknown>(copy, { a: { b: 2 } });
  assertEquals((copy as { a: { polluted?: number } }).a.polluted, undefined);
  assertEquals(problems, ["forbidden_key a.__proto__"]);
});

Deno.test("toJson() names each place that is no JSON, and keeps the places of the others", () => {
  const { copy, problems } = copyOf({ list: [1n, "ok", () => {}, NaN, "\0", "\ud800"], "k\0": 1, s: Symbol("s") });
  assertEquals<unknown>(copy, { list: [null, "ok", null, null, null, null] });
  assertEquals(problems, [
    "graph_invalid list[0]",
    "graph_invalid list[2]",
    "graph_invalid list[3]",
    "graph_invalid list[4]",
    "graph_invalid list[5]",
    "graph_invalid ",
    "graph_invalid s",
  ]);
});

Deno.test("toJson() allows exactly the depth and the size that are allowed", () => {
  const nested = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  assertEquals(copyOf(nested(GRAPH_LIMITS.depth)).problems, []);
  assertEquals(copyOf(nested(GRAPH_LIMITS.depth + 1)).problems.map((text) => text.split(" ")[0]), ["graph_too_deep"]);
  assertEquals(copyOf("x".repeat(GRAPH_LIMITS.bytes - 2)).problems, []);
  assertEquals(copyOf("x".repeat(GRAPH_LIMITS.bytes - 1)).problems, ["graph_too_large "]);
});

Deno.test("toJson() gives up on what cannot be read at all", () => {
  const hostile = new Proxy([], {
    get() {
      throw new Error("no");
    },
  });
  assertEquals(copyOf({ a: hostile }), { copy: undefined, problems: ["graph_invalid "] });
  assertEquals(copyOf(undefined), { copy: undefined, problems: ["graph_invalid "] });
});
