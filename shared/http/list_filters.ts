/**
 * The filters that a list may have: query parameters and what they ask of the rows.
 *
 * @module
 */
import { z } from "zod";

/** How a filter compares: see {@link where}. `own` = the handler does it. */
export type FilterKind = "equals" | "anyOf" | "from" | "before" | "text" | "own";

/** One filter of a list. */
export interface ListFilter<S extends z.ZodType = z.ZodType> {
  readonly kind: FilterKind;
  /** What the query parameter may be; it is always optional. */
  readonly schema: S;
  /** The columns it looks at; the one of its own name when empty. */
  readonly columns: readonly string[];
  /** Makes the column's value of the parameter's. */
  readonly encode?: (value: string) => string;
}

/** Options of the filters of {@link where}. */
export interface FilterOptions {
  readonly description?: string;
  /** Another column than the one of the parameter's name. */
  readonly column?: string;
}

/** Options of filters whose columns hold something else than what the parameter says. */
export interface EncodedFilterOptions extends FilterOptions {
  /** Makes the column's value of the parameter's. */
  readonly encode?: (value: string) => string;
}

function described<S extends z.ZodType>(schema: S, description: string | undefined) {
  const optional = schema.optional();
  // What zod says of the schema inside (examples) is still said.
  return description === undefined ? optional : optional.meta({ ...schema.meta(), id: undefined, description });
}

function columnsOf({ column }: FilterOptions): string[] {
  return column === undefined ? [] : [column];
}

const flagSchema = z.enum(["true", "false"]).transform((text) => text === "true").meta({ examples: ["true"] });

/** The kinds of filters. */
export const where = {
  /** The column is this value. */
  equals: <S extends z.ZodType>(schema: S, options: EncodedFilterOptions = {}) => ({
    kind: "equals" as const,
    schema: described(schema, options.description),
    columns: columnsOf(options),
    ...(options.encode === undefined ? {} : { encode: options.encode }),
  }),
  /** The column is one of these values, which the parameter separates by commas. */
  anyOf: <S extends z.ZodType<string, string>>(item: S, options: FilterOptions = {}) => ({
    kind: "anyOf" as const,
    schema: described(
      z.union([z.string(), z.array(z.string())])
        .transform((text) => [text].flat().flatMap((list) => list.split(",")).map((part) => part.trim()))
        .pipe(z.array(item).min(1).max(50)),
      options.description ?? "One or more, separated by commas",
    ),
    columns: columnsOf(options),
  }),
  /** The column is true or false. */
  flag: (options: FilterOptions = {}) => ({
    kind: "equals" as const,
    schema: described(flagSchema, options.description),
    columns: columnsOf(options),
  }),
  /** The column is this moment or later. */
  from: (options: EncodedFilterOptions) => ({
    kind: "from" as const,
    schema: described(z.iso.datetime({ offset: true }), options.description ?? "At this moment or later"),
    columns: columnsOf(options),
    ...(options.encode === undefined ? {} : { encode: options.encode }),
  }),
  /** The column is before this moment. */
  before: (options: EncodedFilterOptions) => ({
    kind: "before" as const,
    schema: described(z.iso.datetime({ offset: true }), options.description ?? "Before this moment"),
    columns: columnsOf(options),
    ...(options.encode === undefined ? {} : { encode: options.encode }),
  }),
  /** A column holds this text, whatever its case; no character is special. Several columns only in memory. */
  text: (columns: readonly string[], description?: string) => ({
    kind: "text" as const,
    schema: described(
      z.string().trim().min(1).max(200),
      description ?? `Only those whose ${columns.join(" or ")} holds this text, whatever its case; no character is ` +
          "special",
    ),
    columns,
  }),
  /** Applied by whoever makes the query. The cursor is bound to it all the same. */
  own: <S extends z.ZodType>(schema: S, description?: string) => ({
    kind: "own" as const,
    schema: described(schema, description),
    columns: [],
  }),
  /** True or false, applied by whoever makes the query. */
  ownFlag: (description: string) => ({
    kind: "own" as const,
    schema: described(flagSchema, description),
    columns: [],
  }),
} as const;
