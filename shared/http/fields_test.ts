import { assertEquals } from "../../tests/helpers/assert.ts";
import { fieldsParam, pickFields } from "./fields.ts";

Deno.test("fieldsParam() reads a list and refuses what is not on its own", () => {
  const schema = fieldsParam(["id", "name"]);
  assertEquals(schema.parse("name, id,"), ["name", "id"]);
  assertEquals(schema.parse(undefined), undefined);
  for (const text of ["", ",", "secret", "name,secret"]) assertEquals(schema.safeParse(text).success, false, text);
});

Deno.test("pickFields() keeps the id and what was asked for", () => {
  const row = { id: "1", name: "a", size: 2 };
  assertEquals(pickFields(row, ["size"]), { id: "1", size: 2 });
  assertEquals(pickFields(row, undefined), row);
});
