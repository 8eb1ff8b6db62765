import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import type { JsonObject } from "../graph/mod.ts";
import { applyMapping, checkMapping, mappingSchema } from "./mapping.ts";

const TRIGGER: JsonObject = {
  type: "invoice.paid",
  headers: {},
  query: {},
  method: "POST",
  body: { customer: { id: 42, name: "Ada", tags: ["a"] }, amount: 12.5 },
};

Deno.test("applyMapping() gives the entity and the input, with their types", () => {
  const mapped = applyMapping({
    entity: {
      type: "customer",
      key: "{{ trigger.body.customer.id }}",
      name: "{{ trigger.body.customer.name }} ",
      data: { tags: "{{ trigger.body.customer.tags }}", fixed: 1 },
    },
    input: {
      amount: "{{ trigger.body.amount }}",
      note: "paid {{ trigger.body.amount }}",
      nested: { kind: "{{ trigger.type }}" },
    },
  }, TRIGGER);
  assertEquals(mapped, {
    entity: { type: "customer", key: "42", name: "Ada", data: { tags: ["a"], fixed: 1 } },
    input: { amount: 12.5, note: "paid 12.5", nested: { kind: "invoice.paid" } },
  });
  assertEquals(applyMapping({}, TRIGGER), {});
  const nameless = applyMapping({ entity: { type: "a", key: "b", name: "{{ trigger.body.none }}" } }, TRIGGER);
  assertEquals(nameless, { entity: { type: "a", key: "b" } });
});

Deno.test("applyMapping() never throws: what fails is left out and named, the rest stays", () => {
  const failing: [JsonObject, string][] = [
    [{ type: "a", key: "{{ trigger.body.none }}" }, "entity: key gave nothing instead of text"],
    [{ type: "a", key: "{{ trigger.body.customer }}" }, "entity: key gave an object instead of text"],
    [{ type: "a", key: "{{ trigger.body.customer.tags }}" }, "entity: key gave a list instead of text"],
    [{ type: "a", key: " {{ trigger.body.none }} " }, "entity: key gave nothing"],
    [{ type: "{{ repeat('x', 65) }}", key: "a" }, "entity"],
    [{ type: "a", key: "x".repeat(256) }, "entity: key has more than 255 characters"],
    [{ type: "a", key: "b", data: { large: "x".repeat(65_536) } }, "entity: data has more than 64 KiB"],
    [{ type: "a", key: "b", data: { bad: "a\u0000" } }, "entity: a text holds a character that cannot be kept"],
    [{ type: "a", key: "b", data: { bad: "a\ud800" } }, "entity: a text holds a character that cannot be kept"],
    [{ type: "a", key: "{{ 1 + }}" }, "entity.key: "],
    [{ type: "a", key: "{{ nope(1) }}" }, "entity.key: "],
  ];
  for (const [entity, message] of failing) {
    const mapped = applyMapping({ entity, input: { ok: true } }, TRIGGER);
    assert(mapped.error?.startsWith(message), `${mapped.error} instead of ${message}`);
    assertEquals([mapped.entity, mapped.input], [undefined, { ok: true }]);
  }
  const both = applyMapping({ entity: { type: "a", key: "b" }, input: { bad: "{{ 1 + }}" } }, TRIGGER);
  assertEquals(both.entity, { type: "a", key: "b" });
  assert(both.error?.startsWith("input.bad: "), both.error);
  for (const mapping of [1, [], { entity: 1 }, { entity: {} }, { more: 1 }, { input: "text" }, null]) {
    assertEquals(Object.keys(applyMapping(mapping, TRIGGER)), ["error"]);
  }
  const kept = applyMapping({ input: { slashes: "a\\u0000 \\\\" } }, TRIGGER);
  assertEquals(kept, { input: { slashes: "a\\u0000 \\\\" } });
});

Deno.test("checkMapping() finds every expression that cannot be read, and steps that there are not", () => {
  const mapping = mappingSchema.parse({
    entity: { type: "a", key: "{{ 1 + }}", data: { list: ["{{ trigger.body.a }}", "{{ steps.a.output }}"] } },
    input: { a: { b: "{{ nope( }}" } },
  });
  const issues = checkMapping(mapping);
  assertEquals(issues.map(({ path }) => path.join(".")), ["entity.key", "entity.data.list.1", "input.a.b"]);
  assert(issues[0]?.position !== undefined && issues[1]?.message.includes("trigger"));
  assertEquals(checkMapping(mappingSchema.parse({})), []);
});
