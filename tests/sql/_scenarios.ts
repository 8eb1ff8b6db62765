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
 * @param name What the file is about.
 * @param groups Steps in order, by what they are about. Each group begins with an empty queue and no workers.
 */
export function scenarios(name: string, groups: Record<string, Scenarios>, options: DatabaseOptions = {}): void {
  Deno.test(name, async (test) => {
    await withDatabase(async (db) => {
      for (const [subject, steps] of Object.entries(groups)) {
        await clear(db);
        await test.step(subject, async (group) => {
          for (const [behaviour, run] of Object.entries(steps)) await group.step(behaviour, () => run(db));
        });
      }
    }, options);
  });
}

async function clear(db: TestDatabase): Promise<void> {
  for (const table of ["public.job_queue", "private.workers", "private.worker_wakes"]) {
    await db.sql.unsafe(`delete from ${table}`);
  }
}
