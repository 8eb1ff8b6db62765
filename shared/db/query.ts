import { type AppError, fromPostgrest, internal, type PostgrestErrorLike } from "../errors/mod.ts";
import type { DatabaseClient } from "./client.ts";

/** What a query of the Data API resolves to. */
export interface QueryResult<T> {
  readonly data: T | null;
  readonly error: PostgrestErrorLike | null;
  readonly status: number;
}

/** Options of {@link rpc}. */
export interface RpcOptions {
  /** The schema of the function; `public` when absent. */
  readonly schema?: "public" | "engine";
  /** Ends the call early, for example when the caller has gone. */
  readonly signal?: AbortSignal;
}

/**
 * Calls a SQL function.
 *
 * @typeParam T What the function answers with: its `returns`, as JSON.
 * @param client As whom.
 * @param name The function.
 * @param args Its arguments by name.
 * @throws {AppError} What the function raised through `private.fail`, `service_unavailable` when the database is away.
 */
export async function rpc<T>(
  client: DatabaseClient,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  options: RpcOptions = {},
): Promise<T> {
  const target = options.schema === "engine" ? client.schema("engine") : client;
  // Arguments and result are the caller's business here: jsonb has no more precise type in the generated ones.
  const call = (target as DatabaseClient).rpc(name as never, args as never);
  const result = await (options.signal === undefined ? call : call.abortSignal(options.signal));
  if (result.error !== null) throw fromPostgrest(result.error, result.status);
  return result.data as T;
}

/**
 * Says what a query gives, where the generated types cannot tell: columns that are chosen at run time, jsonb, rows of
 * joined tables. The query stays what it is, so {@link run}, {@link runSingle} and `listPage` take it.
 *
 * @typeParam T One row, or the list of them.
 * @param query The query with its columns and filters.
 */
export function asResult<T>(query: PromiseLike<QueryResult<unknown>>): PromiseLike<QueryResult<T>> {
  return query as PromiseLike<QueryResult<T>>;
}

/**
 * Waits for a query and gives its rows.
 *
 * @throws {AppError} When the query failed.
 */
export async function run<T>(query: PromiseLike<QueryResult<T>>): Promise<T> {
  const { data, error, status } = await query;
  if (error !== null) throw fromPostgrest(error, status);
  if (data === null) throw internal(`The Data API answered ${status} without data`);
  return data;
}

/**
 * Waits for a query that finds one row or none (`.maybeSingle()`).
 *
 * @param missing Made when there is none; without it, null is returned.
 * @throws {AppError} When the query failed, or `missing` when there is no row.
 */
export async function runSingle<T>(query: PromiseLike<QueryResult<T>>, missing: () => AppError): Promise<T> {
  const { data, error, status } = await query;
  if (error !== null) throw fromPostgrest(error, status);
  if (data === null) throw missing();
  return data;
}
