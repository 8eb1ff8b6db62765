import type { z } from "zod";
import { containsText, type List, type ListOptions, listPage, openList, type Page } from "../db/mod.ts";
import type { QueryResult } from "../db/mod.ts";
import type { RequestContext } from "./context.ts";
import { fieldsParam, pickFields } from "./fields.ts";
import { listOf, listQuery } from "./_list_schemas.ts";
import type { FilterKind, ListFilter } from "./list_filters.ts";

type Filters = Readonly<Record<string, ListFilter>>;
type Shapes<F extends Filters> = { [K in keyof F]: F[K]["schema"] };

/** What {@link defineList} takes: everything about a list but its rows. */
export interface ListSpec<I extends z.ZodObject, C extends string, F extends Filters> {
  /** What cursors are bound to, besides organization, filter and order: `flows`. */
  readonly name: string;
  /** A row. Its properties are what `fields` may name. */
  readonly item: I;
  /** What may be sorted by, both ways: name → column. A column must not hold nulls. */
  readonly sort: Readonly<Record<C, string>>;
  /** The order when none is asked for. */
  readonly defaultSort: NoInfer<C> | `-${NoInfer<C>}`;
  readonly filters?: F;
  /** The row's unique property, which breaks ties; `id` when absent. */
  readonly id?: string;
  /** False for lists of the user's own things, which are the same in every organization. */
  readonly ofOrganization?: boolean;
}

/** A validated query, whatever the list. */
export interface AnyListQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly sort: string;
  readonly fields?: readonly string[] | undefined;
}

/** What a query asks of the rows: all of it but page, order and fields. */
export function filterOf<Q extends AnyListQuery>(query: Q): Omit<Q, "limit" | "cursor" | "sort" | "fields"> {
  const { limit: _, cursor: __, sort: ___, fields: ____, ...filter } = query;
  return filter;
}

type Context = Pick<RequestContext, "env" | "organizationId">;
type Scope = Readonly<Record<string, unknown>>;

/** The part of a PostgREST query that filters use. */
interface FilterableQuery {
  eq(column: string, value: unknown): FilterableQuery;
  in(column: string, values: readonly unknown[]): FilterableQuery;
  gte(column: string, value: unknown): FilterableQuery;
  lt(column: string, value: unknown): FilterableQuery;
  filter(column: string, operator: string, value: unknown): FilterableQuery;
}

/** What the request path needs to know of any list. */
export interface AnyList {
  readonly id: string;
  /** The query's schema. */
  readonly query: z.ZodObject;
  /** Rows with only the fields that were asked for. */
  pick(body: unknown, query: unknown): unknown;
  /** What an answer must be when no fields were named: the schema that was made by `page`, but complete. */
  complete(page: z.ZodType): z.ZodType;
}

/** A list: made once by {@link defineList}, it feeds validation, the query, the answer and the OpenAPI document. */
export interface ListDeclaration<Q extends z.ZodObject, I extends z.ZodObject> extends AnyList {
  readonly query: Q;
  /**
   * The schema of an answer: `{ data, next_cursor }`, each row with its id and whatever `fields` left.
   *
   * @param extra Properties beside these.
   */
  page<E extends z.core.$ZodLooseShape = Record<never, never>>(extra?: E): z.ZodObject<
    & {
      data: z.ZodArray<z.ZodType<Partial<z.output<I>>, Partial<z.input<I>>>>;
      next_cursor: z.ZodNullable<z.ZodString>;
    }
    & E
  >;
  /** What `select` must name: the fields that were asked for, or all, and what the next page begins with. */
  columns(query: AnyListQuery): string;
  /** Adds the filters to a query of the Data API. */
  filter<R>(rows: R, query: AnyListQuery): R;
  /** Of `openList` and `listPage`. `scope`: what else the list depends on, the parent's id from the path. */
  options(context: Context, query: AnyListQuery, scope?: Scope): ListOptions;
  /** Begins a page of rows that are fetched otherwise: by a SQL function. */
  open(context: Context, query: AnyListQuery, scope?: Scope): Promise<List>;
  /** A page of a query of the Data API: filtered, sorted, cut. */
  find<T extends object>(
    rows: PromiseLike<QueryResult<T[]>>,
    context: Context,
    query: AnyListQuery,
    scope?: Scope,
  ): Promise<Page<T>>;
  /** A page of rows that are all in memory, or fetched whole once the cursor was found good. */
  pageOf<T extends object>(
    rows: readonly T[] | (() => Promise<readonly T[]>),
    context: Context,
    query: AnyListQuery,
    scope?: Scope,
  ): Promise<Page<T>>;
}

/**
 * Declares a list. A route names it as `list`; then its query is validated by it and `fields` are picked from its
 * answer.
 *
 * ```ts
 * const FLOWS = defineList({
 *   name: "flows",
 *   item: flowSummarySchema,
 *   sort: { created_at: "created_at", name: "name" },
 *   defaultSort: "-created_at",
 *   filters: { is_active: where.flag(), q: where.text(["name"]) },
 * });
 * ```
 */
export function defineList<I extends z.ZodObject, const C extends string, F extends Filters = Record<never, never>>(
  spec: ListSpec<I, C, F>,
) {
  const { item, id = "id" } = spec;
  const filters: Filters = spec.filters ?? {};
  const names = Object.keys(item.shape) as [keyof I["shape"] & string, ...(keyof I["shape"] & string)[]];
  const shapes = Object.fromEntries(Object.entries(filters).map(([name, { schema }]) => [name, schema])) as Shapes<F>;
  const query = listQuery({
    sort: Object.keys(spec.sort) as [C, ...C[]],
    defaultSort: spec.defaultSort as C,
    filters: { ...shapes, fields: fieldsParam(names, id) },
  });
  const completeOf = new WeakMap<z.ZodType, z.ZodType>();
  const columnOf = (sort: string) => spec.sort[sort.replace(/^-/, "") as C];
  const declaration: ListDeclaration<typeof query, I> = {
    id,
    query,
    page: (extra) => {
      const page = listOf(sparse(item, id)).extend(extra ?? {});
      completeOf.set(page, listOf(item).extend(extra ?? {}));
      return page as never;
    },
    complete: (page) => completeOf.get(page) ?? page,
    pick: (body, given) => {
      const fields = (given as AnyListQuery | undefined)?.fields;
      const page = body as { data?: unknown } | undefined;
      if (fields === undefined || !Array.isArray(page?.data)) return body;
      return { ...page, data: page.data.map((row) => pickFields(row as object, fields, id)) };
    },
    columns: ({ fields, sort }) => [...new Set([id, columnOf(sort), ...fields ?? names])].join(","),
    filter: <R>(rows: R, given: AnyListQuery): R => applyFilters(rows, filters, given),
    options: (context, given, scope = {}) => {
      const { limit, cursor, sort } = given;
      return {
        secret: context.env.secretKeys.default,
        list: spec.name,
        organizationId: spec.ofOrganization === false ? null : context.organizationId,
        sort: `${sort.startsWith("-") ? "-" : ""}${columnOf(sort)}`,
        filter: { ...filterOf(given), ...scope },
        limit,
        cursor,
        idColumn: id,
      };
    },
    open: (context, given, scope) => openList(declaration.options(context, given, scope)),
    find: (rows, context, given, scope) =>
      listPage(declaration.filter(rows, given), declaration.options(context, given, scope)),
    pageOf: async (rows, context, given, scope) => {
      const list = await declaration.open(context, given, scope);
      const all = typeof rows === "function" ? await rows() : rows;
      return await list.page(pageInMemory(all, filters, given, list, id));
    },
  };
  return declaration;
}

const sparseOf = new WeakMap<z.ZodObject, z.ZodObject>();

/** A row of which only the id is certain. Made once per schema: its name in the document must be unique. */
function sparse(item: z.ZodObject, id: string): z.ZodObject {
  let schema = sparseOf.get(item);
  if (schema === undefined) {
    const { id: name, description } = item.meta() ?? {};
    schema = item.partial().required({ [id]: true } as Record<string, true>);
    if (name !== undefined) {
      const text = "Complete unless `fields` asked for less";
      schema = schema.meta({
        id: `Partial${name}`,
        description: description === undefined ? text : `${description}. ${text}`,
      });
    }
    sparseOf.set(item, schema);
  }
  return schema;
}

function given(filters: Filters, query: AnyListQuery): [string[], ListFilter, unknown][] {
  const values = query as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(filters).filter(([name, { kind }]) => kind !== "own" && values[name] !== undefined)
    .map(([name, filter]) => {
      const value = values[name];
      return [
        filter.columns.length === 0 ? [name] : [...filter.columns],
        filter,
        filter.encode === undefined ? value : filter.encode(String(value)),
      ];
    });
}

function applyFilters<R>(rows: R, filters: Filters, query: AnyListQuery): R {
  // The builder's own type is not worth its depth here: each of these gives back the same query.
  let filtered = rows as unknown as FilterableQuery;
  for (const [[column = ""], { kind }, value] of given(filters, query)) {
    if (kind === "equals") filtered = filtered.eq(column, value);
    else if (kind === "anyOf") filtered = filtered.in(column, value as string[]);
    else if (kind === "from") filtered = filtered.gte(column, value);
    else if (kind === "before") filtered = filtered.lt(column, value);
    else filtered = filtered.filter(column, ...containsText(String(value)));
  }
  return filtered as unknown as R;
}

function pageInMemory<T extends object>(
  rows: readonly T[],
  filters: Filters,
  query: AnyListQuery,
  { column, ascending, after, fetchCount }: List,
  id: string,
): T[] {
  const get = (row: object, name: string): unknown => (row as Record<string, unknown>)[name];
  const wanted = given(filters, query);
  const order = (a: object, b: object): number =>
    (ascending ? 1 : -1) * (compare(get(a, column), get(b, column)) || compare(get(a, id), get(b, id)));
  const last = after === undefined ? undefined : { [column]: after.value, [id]: after.id };
  return rows.filter((row) =>
    wanted.every(([columns, filter, value]) => columns.some((name) => holds(get(row, name), filter.kind, value))) &&
    (last === undefined || order(row, last) > 0)
  ).toSorted(order).slice(0, fetchCount);
}

/** Whether a value, or one of an array's, is what a filter asks for. */
function holds(value: unknown, kind: FilterKind, wanted: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, kind, wanted));
  if (kind === "equals") return value === wanted;
  if (kind === "anyOf") return (wanted as unknown[]).includes(value);
  if (kind === "text") return String(value).toLowerCase().includes(String(wanted).toLowerCase());
  return kind === "from" ? compare(value, wanted) >= 0 : compare(value, wanted) < 0;
}

/** By code unit: the same order everywhere. */
function compare(a: unknown, b: unknown): number {
  const [x, y] = typeof a === "number" && typeof b === "number" ? [a, b] : [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
