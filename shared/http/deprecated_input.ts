import type { z } from "zod";

/** When one parameter of a query, or one property of a body, is on its way out. Moments in ISO 8601. */
export interface InputDeprecation {
  /** Since when it should not be used. */
  readonly deprecatedAt: string;
  /** When it will be refused as unknown; not decided when absent. */
  readonly sunsetAt?: string;
  /** What to do instead, a sentence. */
  readonly instead: string;
}

/** Under this name the document of the API says when. */
const SINCE = "x-deprecated-at";
const UNTIL = "x-sunset-at";

/**
 * Marks one parameter or property as on its way out: the document says so, and whoever uses it is told by the headers
 * `Deprecation`, `Sunset` and `Link` of the answer. It is applied last: `deprecatedInput(z.string().optional(), …)`.
 *
 * @param schema The schema of the parameter, optional.
 * @param deprecation Since when, until when, and what instead.
 */
export function deprecatedInput<S extends z.ZodType>(schema: S, deprecation: InputDeprecation): S {
  const { deprecatedAt, sunsetAt, instead } = deprecation;
  const before = schema.meta()?.description;
  return schema.meta({
    ...schema.meta(),
    description: before === undefined ? instead : `${before}. ${instead}`,
    deprecated: true,
    [SINCE]: deprecatedAt,
    ...(sunsetAt === undefined ? {} : { [UNTIL]: sunsetAt }),
  }) as S;
}

/** What of an object schema is on its way out, name → when; none for schemas that are no objects. */
const KNOWN = new WeakMap<z.ZodType, ReadonlyMap<string, Omit<InputDeprecation, "instead">>>();

/**
 * What of that which a caller named is on its way out: of several, since the first and until the first.
 *
 * @param schema The schema of the query or of the body.
 * @param names What the caller named.
 * @returns Null when it is nothing.
 */
export function usedDeprecation(
  schema: z.ZodType | undefined,
  names: Iterable<string>,
): Omit<InputDeprecation, "instead"> | null {
  if (schema === undefined) return null;
  const known = KNOWN.get(schema) ?? findDeprecations(schema);
  if (known.size === 0) return null;
  const used = [...names].flatMap((name) => known.get(name) ?? []);
  const [deprecatedAt] = used.map((one) => one.deprecatedAt).toSorted();
  const [sunsetAt] = used.flatMap((one) => one.sunsetAt ?? []).toSorted();
  if (deprecatedAt === undefined) return null;
  return { deprecatedAt, ...(sunsetAt === undefined ? {} : { sunsetAt }) };
}

function findDeprecations(schema: z.ZodType) {
  const found = new Map<string, Omit<InputDeprecation, "instead">>();
  const { shape = {} } = schema as { shape?: Readonly<Record<string, z.ZodType>> };
  for (const [name, part] of Object.entries(shape)) {
    const { [SINCE]: deprecatedAt, [UNTIL]: sunsetAt } = part.meta() ?? {};
    if (typeof deprecatedAt !== "string") continue;
    found.set(name, { deprecatedAt, ...(typeof sunsetAt === "string" ? { sunsetAt } : {}) });
  }
  KNOWN.set(schema, found);
  return found;
}
