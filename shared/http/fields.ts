import { z } from "zod";

/**
 * The query parameter `fields` of a list: the fields to answer with, separated by commas; all of them when absent.
 *
 * A cursor does not depend on it.
 *
 * @param names The fields there are.
 * @param id The field that is there in any case.
 */
export function fieldsParam<const F extends string>(names: readonly [F, ...F[]], id = "id") {
  return z.string()
    .transform((text) => text.split(",").map((name) => name.trim()).filter((name) => name !== ""))
    .pipe(z.array(z.enum(names)).min(1))
    .optional()
    .meta({ description: `Only these, separated by commas, and \`${id}\`: ${names.join(", ")}` });
}

/**
 * A row with only the fields that were asked for, and its id.
 *
 * @param fields From {@link fieldsParam}; the whole row when undefined.
 * @param id The row's unique property.
 */
export function pickFields<T extends object>(row: T, fields: readonly string[] | undefined, id = "id"): Partial<T> {
  if (fields === undefined) return row;
  const values = row as Readonly<Record<string, unknown>>;
  return Object.fromEntries([...new Set([id, ...fields])].map((field) => [field, values[field]])) as Partial<T>;
}
