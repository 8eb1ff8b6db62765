import { internal } from "../errors/mod.ts";
import { type CursorPosition, type CursorScope, readCursor, signCursor } from "./cursor.ts";
import { type QueryResult, run } from "./query.ts";

/** One page of a list. */
export interface Page<T> {
  /** The rows. */
  readonly data: T[];
  /** Give it as `cursor` to get the rows after these; null on the last page. */
  readonly next_cursor: string | null;
}

/** What a list needs to know. */
export interface ListOptions extends CursorScope {
  /** The project's default secret key, `env.secretKeys.default`. */
  readonly secret: string;
  /** How many rows a page has, 1 to 100. */
  readonly limit: number;
  /** The cursor of the request, when there is one. */
  readonly cursor?: string | undefined;
  /** The column that breaks ties; `id` when absent. It must be unique. */
  readonly idColumn?: string;
}

/** The part of a PostgREST query that {@link List.apply} uses. */
export interface SortableQuery {
  or(filters: string): SortableQuery;
  order(column: string, options: { ascending: boolean }): SortableQuery;
  limit(count: number): SortableQuery;
}

/** A list that has read its cursor. */
export interface List {
  /** The column of the order and its direction. */
  readonly column: string;
  readonly ascending: boolean;
  /** Where the page begins: after this row. Undefined on the first page. */
  readonly after: CursorPosition | undefined;
  /** One row more than the page: how the end is noticed. For queries made by hand. */
  readonly fetchCount: number;
  /** Adds order, position and limit to a query of the Data API. */
  apply<Q>(query: Q): Q;
  /** Makes the page of rows that were fetched in this order, at most {@link List.fetchCount}. */
  page<T extends object>(rows: readonly T[]): Promise<Page<T>>;
}

/**
 * Begins a list by keyset: reads the cursor and knows how to go on from there. The sort column must not hold nulls and
 * must come with the rows, like the id.
 *
 * @throws {AppError} `invalid_cursor`.
 */
export async function openList(options: ListOptions): Promise<List> {
  const { secret, limit, cursor, idColumn = "id" } = options;
  const ascending = !options.sort.startsWith("-");
  const column = ascending ? options.sort : options.sort.slice(1);
  const after = cursor === undefined ? undefined : await readCursor(secret, options, cursor);
  const order = { column, idColumn, ascending, limit, after };
  return {
    column,
    ascending,
    after,
    fetchCount: limit + 1,
    // The builder's own type is not worth its depth here: order, or and limit give back the same query.
    apply: <Q>(query: Q): Q => applyKeyset(query as unknown as SortableQuery, order) as unknown as Q,
    page: async <T extends object>(rows: readonly T[]): Promise<Page<T>> => {
      const data = rows.slice(0, limit);
      const last = data.at(-1);
      if (rows.length <= limit || last === undefined) return { data, next_cursor: null };
      return { data, next_cursor: await signCursor(secret, options, positionOf(last, column, idColumn)) };
    },
  };
}

/**
 * One page of a query of the Data API, in one call.
 *
 * @param query The query with its filters, without order and limit: `db.from("flows").select("id, name, created_at")`.
 * @throws {AppError} `invalid_cursor`, and what {@link run} throws.
 */
export async function listPage<T extends object>(
  query: PromiseLike<QueryResult<T[]>>,
  options: ListOptions,
): Promise<Page<T>> {
  const list = await openList(options);
  return await list.page(await run(list.apply(query)));
}

/**
 * A filter that finds `text` literally, anywhere in a column, whatever its case: for `query.filter(column, ...)`.
 * PostgREST's `ilike` cannot do it, because it reads every `*` as a wildcard and knows no escape for it; `imatch` takes
 * a regular expression, where everything can be escaped.
 *
 * @returns Operator and value: `query.filter("name", ...containsText("50%"))`.
 */
export function containsText(text: string): ["imatch", string] {
  return ["imatch", text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")];
}

interface Keyset {
  readonly column: string;
  readonly idColumn: string;
  readonly ascending: boolean;
  readonly limit: number;
  readonly after: CursorPosition | undefined;
}

function applyKeyset(query: SortableQuery, keyset: Keyset): SortableQuery {
  const { column, idColumn, ascending, limit, after } = keyset;
  let sorted = query;
  if (after !== undefined) {
    const operator = ascending ? "gt" : "lt";
    const id = `${idColumn}.${operator}.${quote(after.id)}`;
    sorted = column === idColumn
      ? sorted.or(id)
      : sorted.or(`${column}.${operator}.${quote(after.value)},and(${column}.eq.${quote(after.value)},${id})`);
  }
  sorted = sorted.order(column, { ascending });
  if (column !== idColumn) sorted = sorted.order(idColumn, { ascending });
  return sorted.limit(limit + 1);
}

/** A value inside PostgREST's logical operators: https://docs.postgrest.org/en/stable/references/api/url_grammar.html */
function quote(value: string | number | boolean): string {
  return `"${String(value).replaceAll(/["\\]/g, "\\$&")}"`;
}

function positionOf(row: object, column: string, idColumn: string): CursorPosition {
  const values = row as Readonly<Record<string, unknown>>;
  const value = values[column];
  const id = values[idColumn];
  if (typeof id !== "string" || !["string", "number", "boolean"].includes(typeof value)) {
    throw internal(`A list by ${column} needs ${column} and ${idColumn} in every row`);
  }
  return { value: value as CursorPosition["value"], id };
}
