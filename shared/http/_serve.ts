import type { Context } from "hono";
import { fromZod, internal, toAppError } from "../errors/mod.ts";
import type { Loaded } from "../cache/mod.ts";
import { admit, admitRaw } from "./_admit.ts";
import { answerKept, type CachePlace, originOf, placeOf } from "./_cached.ts";
import { readInput } from "./_input.ts";
import { stateOf, versionOf } from "./_state.ts";
import { readBytes } from "./body.ts";
import type { RouteContext } from "./context.ts";
import { usedDeprecation } from "./deprecated_input.ts";
import type { RawRoute } from "./raw_route.ts";
import { contentTag, isNotModified, originTag, readIfMatch } from "./etag.ts";
import { readIdempotencyKey } from "./idempotency.ts";
import { hasEntityTag, Reply, type Route, type RouteRequest, type RouteResponse } from "./route.ts";
import type { AnyRoute } from "./router.ts";
import { deprecationHeaders, downgradeReply, upgradeQuery, versionHeaders } from "./versions/mod.ts";

/** Serves one request of a route. Throws only {@link AppError}. */
export async function serve(c: Context, route: AnyRoute): Promise<Response> {
  const state = stateOf(c.req.raw);
  state.operationId = route.definition.operationId;
  try {
    return route.kind === "raw" ? await serveRaw(c, route) : await serveJson(c, route);
  } catch (error) {
    // Hono lets values that are no errors pass by its error handler.
    throw toAppError(error);
  } finally {
    state.stopListening?.();
  }
}

async function serveJson(c: RouteContext, route: Route): Promise<Response> {
  const admission = admit(c.req.raw, route.definition, c.req.param());
  const fits = stateOf(c.req.raw).runtime.schema?.check();
  if (fits !== undefined) {
    // Asked beside the gate. What the gate answers on a schema that does not fit means nothing.
    const [, { status, reason }] = await Promise.allSettled([admission, fits]) as [unknown, PromiseRejectedResult];
    if (status === "rejected") throw reason;
  }
  const context = await admission;
  c.set("request", context);
  const { access, request, operationId } = route.definition;
  const state = stateOf(c.req.raw);
  const version = versionOf(state);
  const changelogUrl = `${state.runtime.env.functionsUrl}/api/v1/changelog`;
  Object.assign(state.headers, versionHeaders(version, changelogUrl));
  const { deprecated } = route.definition;
  const onDeprecated = (since: { readonly deprecatedAt: string; readonly sunsetAt?: string }) => {
    Object.assign(state.headers, deprecationHeaders({ ...since, changelogUrl }));
  };
  if (deprecated !== undefined) onDeprecated(deprecated);
  const query = upgradeQuery(version, operationId, new URL(c.req.url).searchParams);
  const used = usedDeprecation(request?.query, query.keys());
  if (used !== null) onDeprecated(used);
  const handle = async () => {
    // Whoever watches a public page may hang on what keeps caches away.
    const input = await readInput(c, request, { query, refuseUnknownQuery: access.public !== true, onDeprecated });
    checkConditions(c, request);
    return { result: await route.handler(c, input), query: input.query };
  };
  const place = placeOf(c, route.definition);
  if (place === null) {
    const { result, query } = await handle();
    return await render(c, route, result, query);
  }
  return await answerKept(c, place, async () => {
    const { result, query } = await handle();
    return await toKept(encode(c, route, result, query), place, context.organizationId);
  });
}

/** Handlers read these for themselves: what is wrong with one is said before anything else is asked. */
function checkConditions(c: RouteContext, request: RouteRequest = {}): void {
  const { shape = {} } = request.headers ?? {};
  if ("idempotency-key" in shape) readIdempotencyKey(c);
  if ("if-match" in shape) readIfMatch(c);
}

async function serveRaw(c: RouteContext, route: RawRoute): Promise<Response> {
  const { admin, bodyLimitBytes, anySchema } = route.definition;
  c.set("request", admitRaw(c.req.raw, admin));
  if (anySchema !== true) await stateOf(c.req.raw).runtime.schema?.check();
  return await route.handler(c as Parameters<typeof route.handler>[0], await readBytes(c.req.raw, bodyLimitBytes));
}

/** What a handler returned, in the version that the caller speaks. */
interface Encoded {
  readonly operationId: string;
  readonly status: number;
  /** Undefined = none. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

function encode(c: RouteContext, route: Route, result: unknown, query: unknown): Encoded {
  const { responses, list, operationId } = route.definition;
  const declared = Object.entries(responses) as [string, RouteResponse][];
  const status = result instanceof Reply ? result.status : Number(declared[0]?.[0] ?? 200);
  const given: unknown = result instanceof Reply ? result.body : result;
  const state = stateOf(c.req.raw);
  let body = list === undefined ? given : list.pick(given, query);
  if (state.runtime.checkResponses) checkResponse(route, status, body, query);
  if (given !== undefined) body = downgradeReply(versionOf(state), operationId, body);
  return { operationId, status, body, headers: result instanceof Reply ? result.headers : {} };
}

/** Makes the answer of what a handler returned. */
async function render(c: RouteContext, route: Route, result: unknown, query: unknown): Promise<Response> {
  if (result instanceof Response) return result;
  const { status, body, headers } = encode(c, route, result, query);
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  if (body === undefined) return c.body(null, status as 204);
  if (!hasEntityTag(route.definition) || status !== 200) return c.json(body, status as 200);
  const json = JSON.stringify(body);
  const tag = headers.ETag ?? await contentTag(json);
  c.header("ETag", tag);
  if (isNotModified(c, tag)) return c.body(null, 304);
  return c.body(json, 200, { "Content-Type": "application/json" });
}

/** Makes a reply that can be kept of what a handler returned. */
async function toKept(
  { operationId, status, body, headers }: Encoded,
  place: CachePlace,
  organizationId: string | null,
): Promise<Loaded> {
  if (status !== 200 || body === undefined) throw internal(`${operationId} keeps its replies and answered ${status}`);
  const json = JSON.stringify(body);
  const isKept = place.cache.keeps?.(body, organizationId ?? "") ?? true;
  const { ETag: own, ...others } = headers;
  const content = own ?? await contentTag(json);
  // A row's version is what If-Match takes: nothing is put behind it.
  const tag = own === undefined && isKept ? originTag(content, await originOf(place)) : content;
  return { isKept, reply: { body: new TextEncoder().encode(json), tag, headers: others } };
}

/** In tests an answer that its own schema refuses is a fault. */
function checkResponse(route: Route, status: number, body: unknown, query: unknown): void {
  const { operationId, responses, list } = route.definition;
  const declared = (responses as Readonly<Record<number, RouteResponse | undefined>>)[status];
  if (declared === undefined) throw internal(`${operationId} does not declare the status ${status}`);
  if (declared.schema === undefined) return;
  // What the caller sees is the JSON: undefined properties and toJSON() have had their say.
  const hasAllFields = (query as { fields?: unknown } | undefined)?.fields === undefined;
  const schema = list !== undefined && hasAllFields ? list.complete(declared.schema) : declared.schema;
  const parsed = schema.safeParse(body === undefined ? undefined : JSON.parse(JSON.stringify(body)));
  if (parsed.success) return;
  const problems = fromZod(parsed.error).map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw internal(`${operationId} answered ${status} with what its schema refuses: ${problems}`);
}
