import { assertEquals } from "../../tests/helpers/assert.ts";
import { csvLine } from "./csv.ts";

Deno.test("csvLine() keeps cells from being formulas", () => {
  assertEquals(
    csvLine(["=a", "+a", "-1", "@a", "\ta", "a=b", null, { a: 1 }]),
    `'=a,'+a,'-1,'@a,'\ta,a=b,,"{""a"":1}"\r\n`,
  );
});
