import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { describePolicies } from "./_policy_words.ts";

Deno.test("docs/security.md says every policy in words, as the catalog has it", () =>
  withDatabase(async (db) => {
    const document = await Deno.readTextFile(new URL("docs/security.md", REPOSITORY));
    const section = document.split("\n## Every policy, in words\n")[1]?.split("\n## ")[0] ?? "";
    const written = section.split("\n").filter((line) => /^\| `/.test(line)).map(squeeze);
    // A new policy: copy its line from what is printed.
    assertEquals(written, (await describePolicies(db.sql)).map(squeeze));
  }));

/** A line of a table without what the formatter pads it with. */
function squeeze(line: string): string {
  return line.replaceAll(/ +/g, " ");
}
