/**
 * `deno task db:types`: writes the TypeScript types of the Data API's schemas, as the Supabase CLI makes them.
 *
 * @module
 */
import { createDatabase } from "../../tests/helpers/postgres.ts";
import { format, generate } from "./_generated_file.ts";
import { runSupabaseCli } from "./_supabase_cli.ts";

/** Where the types are written. */
export const TYPES_FILE = "shared/db/database_types.ts";

const HEADER = `/**
 * Types of the tables and functions that the Data API shows, from sql/. Written by \`deno task db:types\`.
 *
 * @module
 */
`;

if (import.meta.main) Deno.exit(await generate(TYPES_FILE, Deno.args, generateTypes));

/**
 * The text of the types file for what sql/ says now.
 *
 * @throws {Error} with the CLI's message when it fails
 */
export async function generateTypes(): Promise<string> {
  const database = await createDatabase({ content: "sql", connections: 1 });
  try {
    const { code, stdout, stderr } = await runSupabaseCli([
      "gen",
      "types",
      "typescript",
      `--remote=${database.url}`,
      "--schema=public",
      "--schema=engine",
    ]);
    const from = stdout.indexOf("export type Json");
    if (code !== 0 || from < 0) throw new Error(`supabase gen types failed: ${stderr}${stdout}`);
    return await format(HEADER + stdout.slice(from), "ts");
  } finally {
    await database.drop();
  }
}
