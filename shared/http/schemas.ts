import { z } from "zod";
import type { ListOptions } from "../db/mod.ts";
import type { RequestContext } from "./context.ts";

/** The body of every error answer. */
export const problemSchema = z.object({
  type: z.string().meta({ examples: ["urn:millrace:error:not_found"] }),
  title: z.string(),
  status: z.int(),
  code: z.string().meta({ description: "A code of the closed list in docs/errors.md", examples: ["not_found"] }),
  detail: z.string(),
  request_id: z.string(),
  problems: z.array(z.object({
    path: z.string().meta({ examples: ["body.name"] }),
    code: z.string(),
    message: z.string(),
    node_id: z.string().optional(),
    edge_id: z.string().optional(),
    severity: z.enum(["error", "warning"]).optional(),
    position: z.int().optional().meta({ description: "Where in an expression, in UTF-16 units from 0" }),
  })).optional(),
}).meta({ id: "Problem", description: "What went wrong (RFC 9457)" });

/** Any JSON value. Recursive schemas need an id of their own, or the OpenAPI document cannot be made. */
export const jsonSchema: z.ZodType<unknown> = z.unknown().meta({ id: "Json", description: "Any JSON value" });

/** An id in a path: `request: { params: idParams }`. */
export const idParams = z.object({ id: z.uuid() });

/** The header that {@link readIdempotencyKey} reads, for `request.headers` of a route that makes something. */
export const idempotencyHeaders = z.object({
  "idempotency-key": z.string().optional().meta({
    description: "The same key with the same request gives the same answer, for 24 hours",
    examples: ["order-1042"],
  }),
});

/** The header that {@link readIfMatch} reads, for `request.headers` of a route that changes something. */
export const ifMatchHeaders = z.object({
  "if-match": z.string().optional().meta({
    description: "The ETag that you read: 412 when it is stale",
    examples: ['"v3"'],
  }),
});

/** The header that {@link isNotModified} reads, for `request.headers` of a route that gives one thing. */
export const ifNoneMatchHeaders = z.object({
  "if-none-match": z.string().optional().meta({
    description: "The ETag that you have: 304 when it is still the one",
    examples: ['"v3"'],
  }),
});

/** What {@link listQuery} takes. */
export interface ListQueryOptions<C extends string, F extends z.core.$ZodLooseShape> {
  /** The columns that may be sorted by. They must not hold nulls. */
  readonly sort: readonly [C, ...C[]];
  /** The order when none is asked for. */
  readonly defaultSort: C | `-${C}`;
  /** The filters, each optional. */
  readonly filters?: F;
}

/**
 * The query of a list: `limit` (1–100, 50), `cursor`, `sort` (a column, `-` for descending) and filters. A sort column
 * that is not on the list is refused.
 */
export function listQuery<const C extends string, F extends z.core.$ZodLooseShape = Record<never, never>>(
  { sort, defaultSort, filters }: ListQueryOptions<C, F>,
) {
  const orders = sort.flatMap((column) => [column, `-${column}` as const]) as [C | `-${C}`, ...(C | `-${C}`)[]];
  return z.object({
    limit: z.coerce.number().int().min(1).max(100).default(50).meta({ description: "How many rows, 1 to 100" }),
    cursor: z.string().optional().meta({ description: "next_cursor of the page before" }),
    sort: z.enum(orders).default(defaultSort as never).meta({ description: "The order; - means descending" }),
    ...(filters ?? {} as F),
  });
}

/** The answer of a list: `{ data, next_cursor }`. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().meta({ description: "Null on the last page" }),
  });
}

/** What every list's query has after validation by {@link listQuery}. */
export interface PageQuery<Sort extends string = string> {
  /** Rows of a page. */
  readonly limit: number;
  /** Where the page before ended. */
  readonly cursor?: string | undefined;
  /** The order: a column, `-` before it for descending. */
  readonly sort: Sort;
}

/**
 * The options of `listPage` and `openList` for a request: what is left of the query without limit, cursor and sort is
 * the filter that the cursor is bound to.
 *
 * @param context `c.var.request`.
 * @param list The list's name: `flows`.
 * @param query The validated query, made by {@link listQuery}.
 * @param scope What else the list depends on: the parent's id from the path.
 */
export function listOptions(
  context: Pick<RequestContext, "env" | "organizationId">,
  list: string,
  query: PageQuery,
  scope: Readonly<Record<string, unknown>> = {},
): ListOptions {
  const { limit, cursor, sort, ...filter } = query;
  return {
    secret: context.env.secretKeys.default,
    list,
    organizationId: context.organizationId,
    sort,
    filter: { ...filter, ...scope },
    limit,
    cursor,
  };
}
