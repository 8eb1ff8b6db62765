import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { randomOf, seeds } from "./_testing.ts";
import { adjacencyOf, Ancestry, findCycles, reachableFrom, topologicalOrder } from "./_topology.ts";

const ascending = (a: number, b: number) => a - b;

Deno.test("topologicalOrder() leads forward and prefers the lower of two", () => {
  assertEquals(topologicalOrder(adjacencyOf(4, [[3, 0], [0, 1], [0, 2]]), ascending), [3, 0, 1, 2]);
  assertEquals(topologicalOrder(adjacencyOf(5, [[0, 1], [1, 3]]), ascending), [0, 1, 2, 3, 4]);
});

Deno.test("findCycles() finds one circle for each knot, and none behind or before it", () => {
  const next = adjacencyOf(8, [[0, 1], [1, 2], [2, 3], [3, 1], [3, 4], [4, 5], [5, 6], [6, 5], [6, 7]]);
  assertEquals(findCycles(next), [[1, 2, 3], [5, 6]]);
  assertEquals(findCycles(adjacencyOf(3, [[0, 1], [0, 2], [1, 2]])), []);
});

Deno.test("findCycles() agrees with reachability on random graphs", () => {
  for (const seed of seeds()) {
    const random = randomOf(seed);
    for (let count = 0; count < 300; count++) {
      const size = 2 + random.below(12);
      const pairs = Array.from({ length: random.below(2 * size) }, () => {
        const from = random.below(size);
        return [from, (from + 1 + random.below(size - 1)) % size] as const;
      });
      const next = adjacencyOf(size, pairs);
      const onCircle = [...next.keys()].filter((node) => reachableFrom(next[node] ?? [], next).has(node));
      const cycles = findCycles(next);
      assertEquals(cycles.length > 0, onCircle.length > 0, `seed ${seed}`);
      for (const cycle of cycles) {
        cycle.forEach((node, place) => {
          assert(next[node]?.includes(cycle[(place + 1) % cycle.length] ?? -1), `seed ${seed}`);
        });
      }
      // Every node on a circle belongs to the knot of exactly one reported circle.
      const knots = cycles.map(([first = 0]) => reachableFrom([first], next));
      for (const node of onCircle) {
        const mine = cycles.filter(([first = 0], index) =>
          knots[index]?.has(node) && reachableFrom([node], next).has(first)
        );
        assertEquals(mine.length, 1, `seed ${seed}`);
      }
    }
  }
});

Deno.test("Ancestry agrees with walking on random graphs, circles included", () => {
  for (const seed of seeds()) {
    const random = randomOf(seed);
    for (let count = 0; count < 100; count++) {
      const size = 1 + random.below(70);
      const pairs = Array.from(
        { length: random.below(2 * size) },
        () => [random.below(size), random.below(size)] as const,
      );
      const next = adjacencyOf(size, pairs);
      const ancestry = new Ancestry(next);
      for (const from of next.keys()) {
        const reached = reachableFrom(next[from] ?? [], next);
        for (const to of next.keys()) assertEquals(ancestry.leads(from, to), reached.has(to), `seed ${seed}`);
      }
    }
  }
});
