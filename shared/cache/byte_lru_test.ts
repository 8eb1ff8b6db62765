import { assertEquals } from "../../tests/helpers/assert.ts";
import { ByteLru } from "./mod.ts";

Deno.test("ByteLru lets those go first that were not used for the longest time", () => {
  const cache = new ByteLru<number>(30);
  for (const [key, value] of [["a", 1], ["b", 2], ["c", 3]] as const) cache.set(key, value, 10);
  assertEquals(cache.get("a"), 1);
  cache.set("d", 4, 10);
  assertEquals(["a", "b", "c", "d"].map((key) => cache.get(key)), [1, undefined, 3, 4]);
  assertEquals([cache.bytes, cache.size], [30, 3]);
  cache.set("e", 5, 25);
  assertEquals(["a", "c", "d", "e"].map((key) => cache.get(key)), [undefined, undefined, undefined, 5]);
  assertEquals([cache.bytes, cache.size], [25, 1]);
});

Deno.test("ByteLru keeps one value a key, and none that alone is too large", () => {
  const cache = new ByteLru<string>(30);
  cache.set("a", "old", 20);
  cache.set("a", "new", 5);
  assertEquals([cache.get("a"), cache.bytes, cache.size], ["new", 5, 1]);
  cache.set("b", "large", 31);
  assertEquals([cache.get("b"), cache.get("a")], [undefined, "new"]);
  cache.set("a", "large", 31);
  assertEquals([cache.get("a"), cache.bytes, cache.size], [undefined, 0, 0]);
  cache.delete("a");
  assertEquals(cache.bytes, 0);
});

Deno.test("ByteLru never holds more than it may, whatever comes", () => {
  const cache = new ByteLru<number>(1000);
  for (let n = 0; n < 10_000; n++) {
    cache.set(`k${(n * 7919) % 300}`, n, (n * 31) % 120);
    if (cache.bytes > 1000) throw new Error(`${cache.bytes} bytes`);
  }
});
