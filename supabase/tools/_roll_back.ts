/**
 * Takes migrations back, newest first.
 *
 * @module
 */
import type { SqlExecutor } from "../local/sql_executor.ts";
import { fileName, LOSES_DATA, type Migration } from "./_migration_files.ts";

/** What {@link rollBack} may do. */
export interface RollBackOptions {
  /** How many migrations to take back. */
  count: number;
  /** True runs rollbacks that drop tables or columns. */
  allowDataLoss?: boolean;
}

/** The versions a database holds, oldest first; none when it never saw a migration. */
export async function appliedVersions(executor: SqlExecutor): Promise<string[]> {
  const [table] = await executor.query<{ found: boolean }>(
    "select to_regclass('supabase_migrations.schema_migrations') is not null as found",
  );
  if (!table?.found) return [];
  const rows = await executor.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations order by version",
  );
  return rows.map((row) => row.version);
}

/**
 * The migrations that a roll back would take, newest first.
 *
 * @throws {Error} when one of them has no file here, no rollback, or loses data without leave
 */
export function planRollBack(migrations: Migration[], applied: string[], options: RollBackOptions): Migration[] {
  return applied.toReversed().slice(0, options.count).map((version) => {
    const migration = migrations.find((candidate) => candidate.version === version);
    if (!migration) throw new Error(`Cannot roll back ${version}: this folder does not have it`);
    if (migration.rollback === null) {
      throw new Error(`Cannot roll back ${fileName(migration)}: it has no rollback file`);
    }
    if (migration.rollback.includes(`\n${LOSES_DATA}`) && !options.allowDataLoss) {
      throw new Error(
        `Cannot roll back ${fileName(migration)}: that loses data; read rollbacks/${fileName(migration)} ` +
          "and say --allow-data-loss if that is meant",
      );
    }
    return migration;
  });
}

/**
 * Takes one migration back: the rollback and the removal of its record are one transaction.
 *
 * @throws {Error} when the migration is no longer the newest one: somebody else was faster
 */
export async function rollBack(executor: SqlExecutor, migration: Migration): Promise<void> {
  await executor.transaction(async (transaction) => {
    await transaction.exec("lock table supabase_migrations.schema_migrations in exclusive mode");
    const newest = (await appliedVersions(transaction)).at(-1);
    if (newest !== migration.version) throw new Error(`Cannot roll back ${migration.version}: ${newest} is the newest`);
    await transaction.exec(migration.rollback ?? "");
    await transaction.query("delete from supabase_migrations.schema_migrations where version = $1", [
      migration.version,
    ]);
  });
}
