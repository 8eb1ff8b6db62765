import { z } from "zod";

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
