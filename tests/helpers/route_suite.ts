/**
 * What every route owes its callers whatever it does, tried on each route of a router: who may call it, and what it
 * answers about things that are not there. What is wrong with requests is tried by functions/api/doors_test.ts; the happy path and what
 * is special about a route stay with its own tests.
 *
 * @module
 */
import type { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../shared/errors/mod.ts";
import type { Route, Router } from "../../shared/http/mod.ts";
import type { ApiCaller, ApiReply, ApiUser, TestApi } from "./api.ts";
import { assert, assertEquals } from "./assert.ts";

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
      const caller = route.definition.access.user === undefined ? api.operator : user;
      if (sample.hasIds) expectProblem(await send(sample, caller, sample.path), "not_found");
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

/** Asserts a problem document with this code. */
export function expectProblem(reply: ApiReply<{ code: ErrorCode; request_id: string }>, code: ErrorCode): void {
  assertEquals(reply.body.code, code, JSON.stringify(reply.body));
  assertEquals(reply.status, ERROR_CODES[code].status);
  assertEquals(reply.headers.get("content-type"), "application/problem+json");
  assertEquals(reply.headers.get("x-request-id"), reply.body.request_id);
}
