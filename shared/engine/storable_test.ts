import { assertEquals, assertThrows } from "../../tests/helpers/assert.ts";
import { NodeError } from "../nodes/mod.ts";
import { MAX_INLINE_BYTES, toStorable } from "./storable.ts";

Deno.test("toStorable() leaves ordinary JSON as it is", () => {
  const value = { a: [1, "ü", null, true], b: { c: "\\u0000 written out" } };
  assertEquals(toStorable(value), value);
});

Deno.test("toStorable() replaces what jsonb has no room for", () => {
  assertEquals(toStorable({ "k\0": "a\0b", s: "\ud800x", t: "😀" }), { "k\uFFFD": "a\uFFFDb", s: "\uFFFDx", t: "😀" });
});

Deno.test("toStorable() drops what is no JSON and takes nothing for null", () => {
  assertEquals(toStorable({ a: undefined, b: Number.NaN }), { b: null });
  assertEquals(toStorable(undefined), null);
  assertThrows(() => toStorable(() => 1), NodeError, "not JSON");
});

Deno.test("toStorable() refuses one byte too many, counted in UTF-8", () => {
  assertEquals(toStorable("x".repeat(MAX_INLINE_BYTES - 2)), "x".repeat(MAX_INLINE_BYTES - 2));
  assertThrows(() => toStorable("x".repeat(MAX_INLINE_BYTES - 1)), NodeError, "larger");
  assertThrows(() => toStorable("ü".repeat(MAX_INLINE_BYTES / 2)), NodeError, "larger");
});

Deno.test("toStorable() gives the keys of objects the order in which Postgres gives them back", () => {
  const value = { zebra: { b: 1, a: 2 }, é: 1, ab: [{ long: 1, b: 2 }], z: null, "10": 1, "9": 2 };
  const text = '{"9":2,"10":1,"z":null,"ab":[{"b":2,"long":1}],"é":1,"zebra":{"a":2,"b":1}}';
  assertEquals(JSON.stringify(toStorable(value)), text);
});
