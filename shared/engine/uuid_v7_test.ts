import { assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { uuidV7 } from "./_uuid_v7.ts";

Deno.test("uuidV7() writes the moment to the microsecond, as the database does", () => {
  const at = (text: string) => uuidV7(text).slice(0, 18);
  assertEquals(at("2026-01-01T00:00:00.123456+00:00"), "019b76da-a87b-774b");
  assertEquals(at("2026-01-01T00:00:00.12+00:00"), "019b76da-a878-7000");
  assertEquals(at("2026-01-01T00:00:00+00:00"), "019b76da-a800-7000");
  assertEquals(at("2026-01-01T00:00:00.999999+00:00"), "019b76da-abe7-7ffb");
});

Deno.test("uuidV7() makes a valid id, another one each time", () => {
  const ids = Array.from({ length: 100 }, () => uuidV7("2026-01-01T00:00:00.5+00:00"));
  for (const id of ids) assertMatch(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assertEquals(new Set(ids).size, 100);
});
