import { z } from "zod";

/**
 * The query parameter `fields` of a list: the fields to answer with, separated by commas; all of them when absent.
 *
 * Take it out of the query before `listOptions`: a cursor does not depend on it.
 *
 * @param names The fields there are.
 */
export function fieldsParam<const F extends string>(names: readonly [F, ...F[]]) {
  return z.string()
    .transform((text) => text.split(",").map((name) => name.trim()).filter((name) => name !== ""))
    .pipe(z.array(z.enum(names)).min(1))
    .optional()
    .meta({ description: `Only these, separated by commas, and the id: ${names.join(", ")}` });
}

/**
 * A row with only the fields that were asked for, and its id.
 *
 * @param fields From {@link fieldsParam}; the whole row when undefined.
 */
export function pickFields<T extends { id: string }>(
  row: T,
  fields: readonly (keyof T)[] | undefined,
): Partial<T> & { id: string } {
  if (fields === undefined) return row;
  // Each entry is one of the row: what the compiler cannot see through fromEntries.
  return Object.fromEntries(["id" as const, ...fields].map((field) => [field, row[field]])) as
    & Partial<T>
    & { id: string };
}
