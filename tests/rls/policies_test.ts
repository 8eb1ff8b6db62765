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

Deno.test("a policy that is dropped, opened, or asks for less reads otherwise, or has no words at all", () =>
  withDatabase(async (db) => {
    const before = (await describePolicies(db.sql)).join("\n");
    const policies = await db.sql`
      select format('%I.%I', n.nspname, c.relname) as relation, quote_ident(p.polname) as name,
        pg_get_expr(p.polqual, p.polrelid) as qual, pg_get_expr(p.polwithcheck, p.polrelid) as checked
      from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'engine', 'private') or p.polname like 'millrace%'`;
    const missed: string[] = [];
    for (const { relation, name, qual, checked } of policies) {
      const clause = qual === null ? "with check" : "using";
      const text: string = qual ?? checked;
      const weaker = [
        "true",
        `${text} or true`,
        text.replace(/organizations_with\('[a-z:]+'/, "organizations_with('org:read'"),
        // Each condition of several by itself.
        ...text.split(/ AND /).length > 1 ? [text.replace(/\((\([^()]*\)) AND /, "(")] : [],
      ].filter((changed) => changed !== text);
      const changes = [
        `drop policy ${name} on ${relation}`,
        ...relation === "public.plans" ? [] : [`alter policy ${name} on ${relation} to anon, authenticated`],
        ...weaker.map((changed) => `alter policy ${name} on ${relation} ${clause} (${changed})`),
      ];
      for (const change of changes) {
        await db.sql.begin(async (sql) => {
          await sql.unsafe(`set local search_path = public, realtime, storage`);
          await sql.unsafe(change);
          const after = await describePolicies(sql as unknown as typeof db.sql).then(
            (lines) => lines.join("\n"),
            (error: Error) => error.message,
          );
          if (after === before) missed.push(change);
          throw new Error("undo");
        }).catch((error: Error) => {
          if (error.message !== "undo") missed.push(`${change}: ${error.message}`);
        });
      }
    }
    assertEquals(missed, []);
  }));

/** A line of a table without what the formatter pads it with. */
function squeeze(line: string): string {
  return line.replaceAll(/ +/g, " ");
}
