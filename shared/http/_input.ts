import type { z } from "zod";
import { fromZod, invalidRequest, type Problem, unsupportedMediaType } from "../errors/mod.ts";
import { readText } from "./body.ts";
import type { RouteContext } from "./context.ts";
import { usedDeprecation } from "./deprecated_input.ts";
import type { RouteDefinition, RouteInput, RouteRequest } from "./route.ts";
import { parseJson } from "./strict_json.ts";

/** JSON by any of its names, in UTF-8, the only charset it has. */
const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i;

/** Options of {@linkcode readInput}. */
export interface ReadInputOptions {
  /** Refuses query parameters that the route does not know: a misspelt filter would otherwise widen a list unnoticed. */
  readonly refuseUnknownQuery?: boolean;
  /** Another query than the address says: one that was brought up from an older version. */
  readonly query?: URLSearchParams;
  /** Told of a property of the body that is on its way out. */
  readonly onDeprecated?: (deprecation: Deprecation) => void;
}

/** Since when and until when. */
type Deprecation = NonNullable<ReturnType<typeof usedDeprecation>>;

/**
 * Reads and validates everything a route declares.
 *
 * @throws {AppError} `invalid_request` with every problem of all parts; `invalid_json`, `payload_too_large` and
 *   `unsupported_media_type` for a body that cannot be read at all.
 */
export async function readInput(
  c: RouteContext,
  request: RouteRequest = {},
  options: ReadInputOptions = {},
): Promise<RouteInput<RouteDefinition>> {
  const problems: Problem[] = [];
  const params = check(request.params, c.req.param(), "params", problems);
  const given = readQuery(options.query ?? new URL(c.req.url).searchParams);
  const query = check(request.query, given, "query", problems);
  if (options.refuseUnknownQuery === true) problems.push(...unknownQuery(request.query, given));
  const headers = check(request.headers, c.req.header(), "headers", problems);
  const body = request.body === undefined ? undefined : await readBody(c.req.raw, request, problems, options);
  if (problems.length > 0) throw invalidRequest(problems);
  // The types of the parts are those that defineRoute took from the same schemas.
  return { params, query, headers, body } as RouteInput<RouteDefinition>;
}

function check(schema: z.ZodType | undefined, value: unknown, part: string, problems: Problem[]): unknown {
  if (schema === undefined) return undefined;
  const nul = Object.entries(value as Record<string, string | string[]>).filter(([, text]) => hasNul(text));
  for (const [name] of nul) {
    problems.push({ path: `${part}.${name}`, code: "nul_character", message: "Must not hold the character U+0000" });
  }
  if (nul.length > 0) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  problems.push(...fromZod(parsed.error, part));
  return undefined;
}

/** Parameters that are not for us: supabase-js names the region of a function this way. */
const PLATFORM_PARAMETERS: ReadonlySet<string> = new Set(["forceFunctionRegion"]);

function unknownQuery(schema: z.ZodObject | undefined, given: Readonly<Record<string, unknown>>): Problem[] {
  const isKnown = (name: string) => Object.hasOwn(schema?.shape ?? {}, name) || PLATFORM_PARAMETERS.has(name);
  return Object.keys(given).filter((name) => !isKnown(name)).map((name) => ({
    path: `query.${name}`,
    code: "unknown_parameter",
    message: "This query parameter is not known here",
  }));
}

/** Postgres takes no NUL: refused here rather than there. */
function hasNul(value: string | string[]): boolean {
  return typeof value === "string" ? value.includes("\0") : value.some((text) => text.includes("\0"));
}

async function readBody(
  raw: Request,
  request: RouteRequest,
  problems: Problem[],
  { onDeprecated }: ReadInputOptions,
): Promise<unknown> {
  const text = await readText(raw, request.bodyLimitBytes);
  if (text.trim() === "") {
    if (request.bodyRequired !== false) {
      problems.push({ path: "body", code: "required", message: "A JSON body is required" });
    }
    return undefined;
  }
  if (!JSON_TYPE.test(raw.headers.get("content-type")?.trim() ?? "")) {
    throw unsupportedMediaType("Send JSON with Content-Type: application/json");
  }
  const value = parseJson(text, { uniqueKeys: request.uniqueKeys === true });
  const used = typeof value === "object" && value !== null ? usedDeprecation(request.body, Object.keys(value)) : null;
  if (used !== null) onDeprecated?.(used);
  const parsed = request.body?.safeParse(value);
  if (parsed?.success === true) return parsed.data;
  if (parsed !== undefined) problems.push(...fromZod(parsed.error, "body"));
  return undefined;
}

/** The query by name; a name that is there several times has a list. */
function readQuery(query: URLSearchParams): Record<string, string | string[]> {
  const values = new Map<string, string | string[]>();
  for (const [name, value] of query) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(values);
}
