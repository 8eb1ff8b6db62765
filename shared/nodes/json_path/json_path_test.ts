import { assertEquals, assertThrows } from "../../../tests/helpers/assert.ts";
import type { Json } from "../../graph/mod.ts";
import { NodeError } from "../../providers/mod.ts";
import { Budget } from "../budget.ts";
import { JsonPathError, parseFilter, parseJsonPath } from "./json_path.ts";

function query(path: string, input: Json): Json[] {
  return parseJsonPath(path).values(input, new Budget());
}

const STORE: Json = {
  store: {
    book: [
      { category: "reference", author: "Nigel Rees", title: "Sayings of the Century", price: 8.95 },
      { category: "fiction", author: "Evelyn Waugh", title: "Sword of Honour", price: 12.99 },
      { category: "fiction", author: "Herman Melville", title: "Moby Dick", isbn: "0-553-21311-3", price: 8.99 },
    ],
    bicycle: { color: "red", price: 399 },
  },
};

Deno.test("values() answers the examples of RFC 9535", () => {
  assertEquals(query("$.store.book[*].author", STORE), ["Nigel Rees", "Evelyn Waugh", "Herman Melville"]);
  assertEquals(query("$..author", STORE).length, 3);
  assertEquals(query("$.store..price", STORE), [8.95, 12.99, 8.99, 399]);
  assertEquals(query("$..book[2].title", STORE), ["Moby Dick"]);
  assertEquals(query("$..book[-1].title", STORE), ["Moby Dick"]);
  assertEquals(query("$..book[0,1].price", STORE), [8.95, 12.99]);
  assertEquals(query("$..book[:2].price", STORE), [8.95, 12.99]);
  assertEquals(query("$..book[?@.isbn].title", STORE), ["Moby Dick"]);
  assertEquals(query("$..book[?@.price<10].price", STORE), [8.95, 8.99]);
  assertEquals(query("$['store']['bicycle']['color']", STORE), ["red"]);
});

Deno.test("values() filters as the RFC says where libraries differ", () => {
  assertEquals(query("$[?match(@, 'a|b')]", ["a", "ab", "b", "cb"]), ["a", "b"]);
  assertEquals(query("$[?search(@, 'a.c')]", ["xabcx", "ac"]), ["xabcx"]);
  assertEquals(query("$[?length(@) == 1]", ["😀", "a", "ab", [1], { a: 1, b: 2 }, 5]), ["😀", "a", [1]]);
  assertEquals(query("$[?@.a == @.b]", [{}, { a: 1, b: 1 }, { a: 1 }]), [{}, { a: 1, b: 1 }]);
  assertEquals(query("$[?@.a == $.x[0].a]", { x: [{ a: { b: [1] } }], y: { a: { b: [1] } } }), [{ a: { b: [1] } }]);
  assertEquals(query("$[?@.a == null]", [{ a: null }, {}]), [{ a: null }]);
  assertEquals(query("$[?count(@.*) > 1 && !@.c]", [{ a: 1, b: 1 }, { a: 1, b: 1, c: 1 }]), [{ a: 1, b: 1 }]);
  assertEquals(query("$[?value(@..c) == 1]", [{ c: 1 }, { c: [{ c: 1 }] }]), [{ c: 1 }]);
  assertEquals(query("$[?match(@.a, @.p)]", [{ a: "x", p: "x|y" }, { a: "x", p: "(" }]), [{ a: "x", p: "x|y" }]);
});

Deno.test("values() sees own properties only", () => {
  for (const name of ["constructor", "__proto__", "toString", "length"]) {
    assertEquals(query(`$['${name}']`, {}), []);
    assertEquals(query(`$['${name}']`, [1]), []);
  }
  assertEquals(query("$['__proto__']", JSON.parse('{"__proto__": 1}')), [1]);
});

Deno.test("parseJsonPath() refuses what is malformed", () => {
  for (
    const path of [
      "",
      "a",
      "@.a",
      "$.",
      "$[",
      "$[01]",
      "$.a ",
      " $",
      "$[?@.a",
      "$[?1]",
      "$[?nope(@)]",
      "$[?length(@)]",
      "$[?count(1)>1]",
      "$[?@.a=='x]",
      "$..",
      "$[?match(@, '(')]",
      "$[?search(@, 'a{')]",
      `$${".a".repeat(600)}`,
      `$[?${"(".repeat(400)}@${")".repeat(400)}]${"["}`,
    ]
  ) {
    assertThrows(() => parseJsonPath(path), JsonPathError);
  }
});

Deno.test("parseJsonPath() knows singular queries", () => {
  assertEquals(parseJsonPath("$.a['b'][0]").singular, true);
  for (const path of ["$.*", "$..a", "$[0:1]", "$[?@]", "$['a','b']"]) {
    assertEquals(parseJsonPath(path).singular, false);
  }
});

Deno.test("parseFilter() takes one expression and nothing beside it", () => {
  assertEquals(parseFilter("@.price > 10").values([{ price: 5 }, { price: 15 }], new Budget()), [{ price: 15 }]);
  for (const filter of ["", "1", "@], $[*", "@].secret[?@", "@, *", "@][*", "*", "'a'"]) {
    assertThrows(() => parseFilter(filter), JsonPathError);
  }
});

function nested(depth: number, width: number): Json {
  return depth === 0 ? 1 : Array.from({ length: width }, () => nested(depth - 1, width));
}

Deno.test("values() stops queries whose work explodes", () => {
  const wide = nested(13, 2);
  const twins = Array.from({ length: 300 }, () => ({ a: Array.from({ length: 300 }, (_, index) => index) }));
  const attacks: [string, Json][] = [
    ["$..*..*..*..*", wide],
    ["$..[?@..*]..[?@..*]", wide],
    ["$[?count($..*) > 0]", Array.from({ length: 5_000 }, () => [1])],
    [`$[${"0,".repeat(300)}0][${"0,".repeat(100)}0][*][*]`, nested(4, 10)],
    [`$[?${Array.from({ length: 50 }, () => "@.a==$[0].a").join("&&")}]`, twins],
    ["$[?search(@, '(a|b|.){0,300}z')]", Array.from({ length: 100 }, () => "a".repeat(5_000))],
  ];
  for (const [path, input] of attacks) {
    // Work is counted, so the clock says nothing.
    assertThrows(() => query(path, input), NodeError);
  }
});

Deno.test("values() gives large results without overflowing the stack", () => {
  const many: Json = Array.from({ length: 200_000 }, (_, index) => index);
  assertEquals(query("$[*]", many).length, 200_000);
  assertEquals(query("$[?@ >= 0]", many).length, 200_000);
});

Deno.test("values() goes down to the depth that bodies may have", () => {
  let deep: Json = { leaf: 1 };
  for (let level = 0; level < 120; level++) deep = { a: deep };
  assertEquals(query("$..leaf", deep), [1]);
});
