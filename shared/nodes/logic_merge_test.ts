import { assertEquals } from "../../tests/helpers/assert.ts";
import type { Json, JsonObject } from "../graph/mod.ts";
import { outputOf } from "./_test_context.ts";
import { checkNodeConfig } from "./check_config.ts";
import { logicMerge } from "./logic_merge.ts";

const inputsOf = (...outputs: Json[]) => outputs.map((output, index) => ({ nodeId: `n${index}`, output }));
const byKey = (key: string, ...outputs: Json[]) =>
  outputOf(logicMerge, { combine: "by_key", key }, { inputs: inputsOf(...outputs) });

Deno.test("merge by key joins objects with the same value, later branches over earlier ones", async () => {
  const people = [{ id: 1, name: "Ada" }, { id: 2, name: "Bob" }];
  const plans = [{ id: 2, plan: "pro" }, { id: 1, plan: "free", name: "Ada L." }, { id: 3, plan: "team" }];
  assertEquals(await byKey("id", people, plans), [
    { id: 1, name: "Ada L.", plan: "free" },
    { id: 2, name: "Bob", plan: "pro" },
    { id: 3, plan: "team" },
  ]);
  assertEquals(people[0], { id: 1, name: "Ada" }, "inputs are not written to");
});

Deno.test("merge by key follows a path, converts nothing and keeps what has no key", async () => {
  assertEquals(await byKey("a.id", [{ a: { id: 1 }, x: 1 }], { a: { id: 1 }, y: 2 }), [{ a: { id: 1 }, x: 1, y: 2 }]);
  assertEquals(await byKey("id", [{ id: 1 }], [{ id: "1" }, { id: true }, { id: "true" }]), [
    { id: 1 },
    { id: "1" },
    { id: true },
    { id: "true" },
  ]);
  const loose: Json[] = [{ id: null }, { other: 1 }, 5, null, { id: [1] }, { id: [1] }];
  assertEquals(await byKey("id", loose, []), loose);
  const hostile = JSON.parse('[{"id": 1, "__proto__": {"polluted": true}}]') as Json;
  assertEquals(await byKey("id", hostile), [{ id: 1 }]);
  assertEquals(await byKey("__proto__", [{ a: 1 }], [{ a: 2 }]), [{ a: 1 }, { a: 2 }]);
});

Deno.test("merge by key wants a key", () => {
  assertEquals(checkNodeConfig(logicMerge, { combine: "by_key" }).map(({ path }) => path), [["key"]]);
  assertEquals(checkNodeConfig(logicMerge, { combine: "append" }), []);
});

Deno.test("merge tells how many answers it needs, whatever its config holds", () => {
  const cases: [JsonObject, "all" | number][] = [
    [{}, "all"],
    [{ wait: "all" }, "all"],
    [{ wait: "first" }, 1],
    [{ wait: { atLeast: 3 } }, 3],
    [{ wait: { atLeast: 0 } }, "all"],
    [{ wait: { atLeast: 1.5 } }, "all"],
    [{ wait: { atLeast: "{{ trigger.k }}" } }, "all"],
    [{ wait: [1] }, "all"],
  ];
  for (const [config, expected] of cases) assertEquals(logicMerge.need?.(config), expected, JSON.stringify(config));
  assertEquals(checkNodeConfig(logicMerge, { wait: { atLeast: 0 } }).length, 1);
});
