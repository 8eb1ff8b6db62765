import { createDatabase } from "../../tests/helpers/postgres.ts";
import { openPostgres } from "./database.ts";

Deno.test("openPostgres() may be closed while its connections begin: no refusal is left that nobody hears", async () => {
  const db = await createDatabase();
  try {
    // Each time a little later, so that some come upon the question for the types of arrays.
    for (let wait = 0; wait < 60; wait++) {
      const database = openPostgres(db.url);
      const asked = database.executor.query("select 1", []).catch(() => "refused");
      await new Promise((resolve) => setTimeout(resolve, wait % 20));
      await database.close();
      await asked;
    }
  } finally {
    await db.drop();
  }
});
