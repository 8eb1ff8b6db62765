import { REPOSITORY } from "../../supabase/local/schema_files.ts";
import { generateSchemaDocs, SCHEMA_FILE } from "../../supabase/tools/db_docs.ts";
import { generateTypes, TYPES_FILE } from "../../supabase/tools/db_types.ts";
import { assertEquals } from "../helpers/assert.ts";

/** Asserts that a generated file holds what its generator gives now, and that the generator always gives the same. */
async function assertFresh(path: string, generate: () => Promise<string>, task: string): Promise<void> {
  const text = await generate();
  assertEquals(await Deno.readTextFile(new URL(path, REPOSITORY)), text, `${path} is stale: run deno task ${task}`);
  assertEquals(await generate(), text);
}

Deno.test("the database types are what sql/ gives", () => assertFresh(TYPES_FILE, generateTypes, "db:types"));

Deno.test("the schema documentation is what sql/ gives", () => assertFresh(SCHEMA_FILE, generateSchemaDocs, "db:docs"));
