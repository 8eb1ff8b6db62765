/**
 * `deno task db:docs`: writes docs/schema.md from the catalog, after sql/ was loaded.
 *
 * @module
 */
import { createDatabase } from "../../tests/helpers/postgres.ts";
import { format, generate } from "./_generated_file.ts";
import { readSchema } from "./_read_schema.ts";
import { renderSchema } from "./_render_schema.ts";

/** Where the documentation is written. */
export const SCHEMA_FILE = "docs/schema.md";

if (import.meta.main) Deno.exit(await generate(SCHEMA_FILE, Deno.args, generateSchemaDocs));

/** The text of docs/schema.md for what sql/ says now. */
export async function generateSchemaDocs(): Promise<string> {
  const database = await createDatabase({ content: "sql", connections: 1 });
  try {
    return await format(renderSchema(await readSchema(database.sql)), "md");
  } finally {
    await database.drop();
  }
}
