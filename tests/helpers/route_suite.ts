/**
 * What every route owes its callers whatever it does, tried on each route of a router: who may call it, what it answers
 * to ids, bodies, cursors and types that are wrong, and that none of them makes a 5xx. The happy path and what is special
 * about a route stay with its own tests.
 *
 * @module
 */
import type { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../shared/errors/mod.ts";
import type { Route, Router } from "../../shared/http/mod.ts";
import type { ApiCaller, ApiReply, ApiUser, TestApi } from "./api.ts";
import { assert, assertEquals } from "./assert.ts";

/** Ids that no path of ours holds: no UUID, or nothing that may be in a path at all. */
const BAD_IDS = ["nope", "1", "%00", "..%2f", "'%20or%201=1", "%F0%9F%A6%84", "x".repeat(600)];

/** Queries that no list takes. */
const BAD_LIST_QUERIES: readonly [string, ErrorCode][] = [
  ["limit=0", "invalid_request"],
  ["limit=101", "invalid_request"],
  ["limit=many", "invalid_request"],
  ["limit=1&limit=2", "invalid_request"],
  ["sort=password", "invalid_request"],
  ["sort=created_at;drop", "invalid_request"],
  ["cursor=nope", "invalid_cursor"],
  ["cursor=W10.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "invalid_cursor"],
];

/** Bodies that no route takes. */
const BAD_BODIES: readonly [string, number][] = [
  ["{", 400],
  ["[]", 400],
  ["null", 400],
  ['"text"', 400],
  ['{"no_such_property":1}', 400],
  ['{"__proto__":{}}', 400],
  ['{"a":{"constructor":{"prototype":{}}}}', 400],
  ['{"a":9007199254740993}', 400],
  ['{"a":1e400}', 400],
  ['{"a":"\\u0000"}', 400],
  ['{"a":"\\ud800"}', 400],
  ["[".repeat(65) + "]".repeat(65), 400],
  [`{"a":"${"x".repeat(1_048_576)}"}`, 413],
];

/** Headers that some routes read; none may break one that does not. */
const BAD_HEADERS: readonly [string, string][] = [
  ["if-match", '"v1", "v2"'],
  ["if-match", '"v99999999999999"'],
  ["if-match", "nonsense"],
  ["if-none-match", "\"'"],
  ["idempotency-key", "has spaces in it"],
  ["x-organization-id", "nope"],
  ["traceparent", "00-zz"],
];

/**
 * Tries every JSON route of a router.
 *
 * @param context Of the test: each route is a step.
 * @param api The functions, the router's among them.
 */
export async function checkRoutes(context: Deno.TestContext, api: TestApi, router: Router): Promise<void> {
  for (const route of router.routes) {
    if (route.kind !== "json") continue;
    const { method, path } = route.definition;
    await context.step(`${method.toUpperCase()} /${router.name}${path} keeps the common contract`, async () => {
      const user = await createRichUser(api);
      const sample = sampleOf(router.name, route);
      await checkCredentials(api, sample, user);
      if (route.definition.access.user !== undefined) await checkGate(api, sample, user);
      await checkInputs(sample, route.definition.access.user === undefined ? api.operator : user);
    });
  }
}

/** A request that is right but for what it names. */
interface Sample {
  readonly route: Route;
  readonly method: string;
  /** With an id that does not exist for each parameter. */
  readonly path: string;
  readonly pathWith: (id: string) => string;
  readonly body: unknown;
  readonly hasIds: boolean;
}

function sampleOf(name: string, route: Route): Sample {
  const { method, path, request } = route.definition;
  const pathWith = (id: string) => `/${name}${path === "/" ? "" : path}`.replaceAll(/:\w+/g, id);
  const examples = (request?.body as z.ZodType | undefined)?.meta()?.examples as unknown[] | undefined;
  assert(
    request?.body === undefined || examples !== undefined,
    `${route.definition.operationId}: no example of its body`,
  );
  for (const example of examples ?? []) assert(request?.body?.safeParse(example).success, JSON.stringify(example));
  return {
    route,
    method: method.toUpperCase(),
    path: pathWith(crypto.randomUUID()),
    pathWith,
    body: examples?.[0],
    hasIds: path.includes(":"),
  };
}

/** A user whom no burst of requests stops. */
async function createRichUser(api: TestApi): Promise<ApiUser> {
  const user = await api.createUser();
  await api.db.sql`update public.organizations set plan_id = 'enterprise' where id = ${user.organizationId}`;
  return user;
}

function send({ method, body }: Sample, caller: ApiCaller, path: string, headers?: Record<string, string>) {
  return caller.send(method, path, body, headers);
}

/** A path that the gate lets the user through to. */
function pathFor({ route, path, pathWith }: Sample, user: ApiCaller): string {
  const { organizationId } = user as Partial<ApiUser>;
  return route.definition.organizationParam === undefined ? path : pathWith(organizationId ?? crypto.randomUUID());
}

async function checkCredentials(api: TestApi, sample: Sample, user: ApiUser): Promise<void> {
  const { access } = sample.route.definition;
  const forged = { authorization: `Bearer ${user.token.slice(0, -4)}AAAA` };
  for (const headers of [forged, { authorization: "Basic YTpi" }, { apikey: "sb_secret_guess" }]) {
    expectProblem(await send(sample, api.caller(headers), sample.path), "unauthorized");
  }
  if (access.public === true) return;
  expectProblem(await send(sample, api.caller({}), sample.path), "unauthorized");
  expectProblem(await send(sample, api.anonymous, sample.path), "unauthorized");
  if (access.secret === undefined) expectProblem(await send(sample, api.operator, sample.path), "forbidden");
  if (access.user === undefined) expectProblem(await send(sample, user, sample.path), "forbidden");
}

async function checkGate(api: TestApi, sample: Sample, user: ApiUser): Promise<void> {
  const { access, organizationParam } = sample.route.definition;
  if (organizationParam === undefined) {
    const stranger = await api.createUser();
    const elsewhere = { "x-organization-id": stranger.organizationId };
    expectProblem(await send(sample, user, sample.path, elsewhere), "not_found");
  }
  for (const role of await rolesWithout(api, access.user)) {
    const member = await api.createMember(user.organizationId, role);
    expectProblem(await send(sample, member, pathFor(sample, user)), "forbidden");
  }
  await api.db.sql`
    insert into private.rate_limits (key, tat)
    select format('user:%s:%s', ${user.id}::text, class), now() + interval '1 hour'
    from unnest(array['default', 'read', 'write', 'run']) class
    on conflict (key) do update set tat = excluded.tat`;
  const path = pathFor(sample, user);
  const limited = await send(sample, user, path);
  expectProblem(limited, "rate_limited");
  assert(Number(limited.headers.get("retry-after")) > 0);
  assert(limited.headers.has("ratelimit") && limited.headers.has("ratelimit-policy"));
  await api.db.sql`delete from private.rate_limits where key like ${`user:${user.id}:%`}`;
  const away = await api.withoutDatabase(() => send(sample, user, path));
  expectProblem(away, "service_unavailable");
  assert(Number(away.headers.get("retry-after")) > 0);
}

async function rolesWithout(api: TestApi, permission: string | undefined): Promise<string[]> {
  if (permission === undefined || permission === "any") return [];
  const rows = await api.db.sql<{ role: string }[]>`
    select r.role from (select distinct role from private.role_permissions) r
    where not exists (
      select 1 from private.role_permissions p where p.role = r.role and p.permission = ${permission})`;
  return rows.map(({ role }) => role);
}

/** @param user Whoever may call the route. */
async function checkInputs(sample: Sample, user: ApiCaller): Promise<void> {
  const { request } = sample.route.definition;
  if (sample.hasIds) {
    expectProblem(await send(sample, user, sample.path), "not_found");
    for (const id of BAD_IDS) expectRefusal(await send(sample, user, sample.pathWith(id)), id);
  }
  if (request?.query !== undefined && "cursor" in request.query.shape) {
    for (const [query, code] of BAD_LIST_QUERIES) {
      expectProblem(
        await send(sample, user, `${pathFor(sample, user)}?${requiredQuery(request.query)}&${query}`),
        code,
      );
    }
  }
  for (const [name, value] of BAD_HEADERS) {
    const reply = await send(sample, user, pathFor(sample, user), { [name]: value });
    assert(reply.status < 500, `${name}: ${value} gave ${reply.status}`);
  }
  if (request?.body === undefined) return;
  for (const [body, status] of BAD_BODIES) {
    const reply = await user.send(sample.method, pathFor(sample, user), body);
    assertEquals(reply.status, status, `${body.slice(0, 80)}: ${JSON.stringify(reply.body)}`);
    expectProblem(reply, reply.body.code);
  }
  const text = await user.send(sample.method, pathFor(sample, user), "{}", { "content-type": "text/plain" });
  expectProblem(text, "unsupported_media_type");
}

/** What a query must hold in any case, made of its schema. */
function requiredQuery({ shape }: z.ZodObject): string {
  const needed = Object.entries(shape).filter(([, schema]) => !schema.safeParse(undefined).success);
  return new URLSearchParams(needed.map(([name, schema]) => [name, exampleOf(schema)])).toString();
}

function exampleOf(schema: z.core.$ZodType): string {
  const guesses = [crypto.randomUUID(), "user", "1"];
  return guesses.find((guess) => (schema as z.ZodType).safeParse(guess).success) ?? "x";
}

function expectRefusal(reply: ApiReply<{ code: ErrorCode }>, what: string): void {
  assert([400, 404].includes(reply.status), `${what} gave ${reply.status}`);
}

/** Asserts a problem document with this code. */
export function expectProblem(reply: ApiReply<{ code: ErrorCode; request_id: string }>, code: ErrorCode): void {
  assertEquals(reply.body.code, code, JSON.stringify(reply.body));
  assertEquals(reply.status, ERROR_CODES[code].status);
  assertEquals(reply.headers.get("content-type"), "application/problem+json");
  assertEquals(reply.headers.get("x-request-id"), reply.body.request_id);
}
