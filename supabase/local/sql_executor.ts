/**
 * One small way to run SQL, whichever driver is behind it: PGlite in the default stack, postgres.js otherwise.
 *
 * @module
 */
import type { PGlite } from "@electric-sql/pglite";
import type postgres from "postgres";
import { guardReserved } from "./postgres_guard.ts";

/** A row as a driver returns it. */
export type Row = Record<string, unknown>;

/** Runs SQL as the superuser of a database. */
export interface SqlExecutor {
  /** Runs a text of one or more statements; those after an error are not run. */
  exec(text: string): Promise<void>;
  /** Runs one statement with `$1`-style parameters and returns its rows. Pass jsonb as text and cast it. */
  query<T extends Row>(text: string, parameters?: (string | number | boolean | null)[]): Promise<T[]>;
  /**
   * Runs `fn` on one connection inside a transaction: committed when it resolves, rolled back when it rejects. A
   * transaction inside is a part of the outer one.
   */
  transaction<T>(fn: (executor: SqlExecutor) => Promise<T>): Promise<T>;
}

/** The part of PGlite that a database and a transaction of it share. */
type PgliteLike = Pick<PGlite, "exec" | "query">;

/** An executor over a postgres.js client. */
export function postgresExecutor(sql: postgres.Sql): SqlExecutor {
  return {
    ...statementsOn(sql),
    async transaction<T>(fn: (executor: SqlExecutor) => Promise<T>): Promise<T> {
      const reserved = guardReserved(await sql.reserve());
      try {
        return await transactionOn(reserved, fn);
      } finally {
        reserved.release();
      }
    },
  };
}

async function transactionOn<T>(sql: postgres.ReservedSql, fn: (executor: SqlExecutor) => Promise<T>): Promise<T> {
  const nested: SqlExecutor = { ...statementsOn(sql), transaction: (again) => again(nested) };
  await sql.unsafe("begin");
  let result: T;
  try {
    result = await fn(nested);
  } catch (error) {
    // The first error is the one to report, also when the connection is gone.
    await sql.unsafe("rollback").catch(() => {});
    throw error;
  }
  await sql.unsafe("commit");
  return result;
}

function statementsOn(sql: postgres.Sql): Pick<SqlExecutor, "exec" | "query"> {
  return {
    async exec(text) {
      // Without parameters postgres.js uses the simple protocol, which takes several statements.
      await sql.unsafe(text);
    },
    async query<T extends Row>(text: string, parameters: (string | number | boolean | null)[] = []): Promise<T[]> {
      return [...await sql.unsafe<T[]>(text, parameters)] as T[];
    },
  };
}

/** An executor over PGlite, which has one connection: a transaction keeps everyone else waiting. */
export function pgliteExecutor(database: PGlite): SqlExecutor {
  const on = (target: PgliteLike, transaction: SqlExecutor["transaction"]): SqlExecutor => ({
    async exec(text) {
      await target.exec(text);
    },
    async query<T extends Row>(text: string, parameters: (string | number | boolean | null)[] = []): Promise<T[]> {
      return (await target.query<T>(text, parameters)).rows;
    },
    transaction,
  });
  return on(database, async <T>(fn: (executor: SqlExecutor) => Promise<T>): Promise<T> => {
    return await database.transaction(async (inner) => {
      const nested: SqlExecutor = on(inner, (again) => again(nested));
      return await fn(nested);
    }) as T;
  });
}
