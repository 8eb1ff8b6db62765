import { assertEquals } from "../../tests/helpers/assert.ts";
import { disguiseLogic, undisguise } from "./lite_filters.ts";

Deno.test("disguiseLogic() changes only what lite would misread, and undisguise() brings it back", () => {
  const plain = "http://x/rest/v1/notes?name=eq.%22a%5C%22b%22&or=(name.gt.%22a%20b%22,id.eq.1)";
  assertEquals(disguiseLogic(plain), plain);
  const value = String.raw`(name.gt."a\"b\\c)",and(name.eq."{",id.gt."1"))`;
  const changed = new URL(disguiseLogic(`http://x/rest/v1/notes?or=${encodeURIComponent(value)}&limit=2`));
  assertEquals(changed.searchParams.get("limit"), "2");
  const or = changed.searchParams.get("or")!;
  assertEquals(or.match(/[\\{]/), null);
  assertEquals(undisguise(or), `(name.gt."a"b\\c)",and(name.eq."{",id.gt."1"))`);
});
