import { assertEquals } from "../../tests/helpers/assert.ts";
import { disguiseFilters, undisguise } from "./lite_filters.ts";

Deno.test("disguiseFilters() changes only what lite would misread, and undisguise() brings it back", () => {
  const plain = "http://x/rest/v1/notes?name=eq.%22a%5C%22b%22&or=(name.gt.%22a%20b%22,id.eq.1)";
  assertEquals(disguiseFilters(plain), plain);
  const value = String.raw`(name.gt."a\"b\\c)",and(name.eq."{",id.gt."1"))`;
  const changed = new URL(disguiseFilters(`http://x/rest/v1/notes?or=${encodeURIComponent(value)}&limit=2`));
  assertEquals(changed.searchParams.get("limit"), "2");
  const or = changed.searchParams.get("or")!;
  assertEquals(or.match(/[\\{]/), null);
  assertEquals(undisguise(or), `(name.gt."a"b\\c)",and(name.eq."{",id.gt."1"))`);
});

Deno.test("disguiseFilters() keeps words and numbers text that lite would make values of", () => {
  const changed = (filter: string) =>
    new URL(disguiseFilters(`http://x/rest/v1/notes?name=${encodeURIComponent(filter)}`)).searchParams.get("name");
  for (const word of ["true", "False", "null", "not_null", "unknown", "1e3", "007", "900719925474099312", "0x1f"]) {
    assertEquals(changed(`eq.${word}`), `eq."${word}"`);
    assertEquals(changed(`not.neq.${word}`), `not.neq."${word}"`);
  }
  assertEquals(changed('in.(true,"a,null",12,1.50,x)'), 'in.("true","a,null",12,"1.50",x)');
  for (const same of ["eq.12", "eq.truest", "is.true", "is.null", "eq.1.5", "like.null*", "cs.{true}", "eq."]) {
    assertEquals(changed(same), same);
  }
});
