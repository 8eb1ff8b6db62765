/**
 * Many small tests on one database: a copy of the template costs more than most of what is tested on it.
 *
 * @module
 */
import { type DatabaseOptions, type TestDatabase, withDatabase } from "../helpers/postgres.ts";

/** What is tested, by the behaviour it shows. Each makes tenants of its own and leaves the others' alone. */
export type Scenarios = Record<string, (db: TestDatabase) => Promise<void>>;

/**
 * Registers a test whose steps share one database.
 *
 * @param name What is tested.
 * @param all Steps in order; a step that counts rows of the whole database belongs into a test of its own.
 */
export function scenarios(name: string, all: Scenarios, options: DatabaseOptions = {}): void {
  Deno.test(name, async (test) => {
    await withDatabase(async (db) => {
      for (const [behaviour, run] of Object.entries(all)) await test.step(behaviour, () => run(db));
    }, options);
  });
}
