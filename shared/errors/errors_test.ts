import { z } from "zod";
import { assert, assertEquals, assertObjectMatch, assertStringIncludes } from "../../tests/helpers/assert.ts";
import {
  AppError,
  ERROR_ADVICE,
  ERROR_CODES,
  type ErrorCode,
  formatPath,
  fromPostgres,
  fromPostgrest,
  fromZod,
  internal,
  INTERNAL_DETAIL,
  isErrorCode,
  notFound,
  problemDetails,
  problemResponse,
  rateLimited,
  serviceUnavailable,
  STEP_ERROR_ADVICE,
  STEP_ERROR_CODES,
  type StepErrorCode,
  toAppError,
} from "./mod.ts";

Deno.test("ERROR_CODES and STEP_ERROR_CODES share no code and hold error statuses only", () => {
  for (const code of Object.keys(STEP_ERROR_CODES)) assert(!isErrorCode(code), code);
  for (const [code, { status }] of Object.entries(ERROR_CODES)) assert(status >= 400 && status <= 599, code);
  assert(!isErrorCode("toString") && !isErrorCode("__proto__") && !isErrorCode(404));
});

Deno.test("AppError takes its status from the list and keeps its cause", () => {
  const cause = new Error("inner");
  const error = new AppError("conflict", { detail: "Twice", cause });
  assertEquals([error.status, error.code, error.detail, error.message], [409, "conflict", "Twice", "Twice"]);
  assertEquals(error.cause, cause);
});

Deno.test("problemResponse() renders RFC 9457 with the error's headers", async () => {
  const response = problemResponse(notFound("flow"), "request-1");
  assertEquals(response.status, 404);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(await response.json(), {
    type: "urn:millrace:error:not_found",
    title: "There is no such thing",
    status: 404,
    code: "not_found",
    detail: "No such flow",
    request_id: "request-1",
  });
  assertEquals(problemResponse(rateLimited(2.2), "r").headers.get("retry-after"), "3");
  assertEquals(problemResponse(serviceUnavailable("db"), "r").headers.get("retry-after"), "5");
});

Deno.test("problemDetails() says nothing of the inside of an internal error", () => {
  const error = internal("password is hunter2", new Error("sb_secret_x"));
  assertEquals(problemDetails(error, "r").detail, INTERNAL_DETAIL);
  assert(!JSON.stringify(problemDetails(toAppError(new Error("hunter2")), "r")).includes("hunter2"));
  assertEquals(toAppError("a string").code, "internal");
  assertEquals(toAppError(error), error);
});

const POSTGREST_CASES: [name: string, code: string, status: number, expected: ErrorCode][] = [
  ["our own code", "plan_limit_reached", 402, "plan_limit_reached"],
  ["unique_violation", "23505", 409, "conflict"],
  ["foreign_key_violation", "23503", 409, "conflict"],
  ["check_violation", "23514", 400, "invalid_request"],
  ["invalid_text_representation", "22P02", 400, "invalid_request"],
  ["insufficient_privilege", "42501", 403, "forbidden"],
  ["query_canceled", "57014", 500, "timeout"],
  ["admin_shutdown", "57P01", 503, "service_unavailable"],
  ["cannot_connect_now", "57P03", 503, "service_unavailable"],
  ["too_many_connections", "53300", 503, "service_unavailable"],
  ["connection_failure", "08006", 503, "service_unavailable"],
  ["serialization_failure", "40001", 500, "service_unavailable"],
  ["no connection of the Data API", "PGRST000", 503, "service_unavailable"],
  ["pool timeout of the Data API", "PGRST003", 504, "service_unavailable"],
  ["expired token", "PGRST301", 401, "unauthorized"],
  ["no row for single()", "PGRST116", 406, "not_found"],
  ["unknown function", "PGRST202", 404, "internal"],
  ["raise exception", "P0001", 400, "internal"],
  ["nobody answered", "", 0, "service_unavailable"],
  ["nobody answered, with a code of the system", "EPIPE", 0, "service_unavailable"],
  ["gateway without upstream", "", 502, "service_unavailable"],
  ["gateway timeout", "", 504, "timeout"],
  ["anything else", "", 418, "internal"],
];

for (const [name, code, status, expected] of POSTGREST_CASES) {
  Deno.test(`fromPostgrest() maps ${name} to ${expected}`, () => {
    const original = { code, message: "inner words", details: null, hint: null };
    const error = fromPostgrest(original, status);
    assertEquals(error.code, expected);
    assertEquals(error.cause, original);
    // Only private.fail writes for callers; Postgres' own words can hold other people's values.
    const shown = JSON.stringify(problemDetails(error, "r"));
    assertEquals(shown.includes("inner words"), code === "plan_limit_reached");
    if (expected === "service_unavailable") assertEquals(error.headers["Retry-After"], "5");
  });
}

Deno.test("fromPostgrest() takes problems out of the details of private.fail", () => {
  const problems = [{ path: "nodes[1]", code: "cycle", message: "Loop", node_id: "b", severity: "error" }];
  for (const details of [JSON.stringify(problems), JSON.stringify({ problems })]) {
    const error = fromPostgrest({ code: "flow_invalid", message: "Bad", details, hint: null }, 422);
    assertEquals(error.problems, problems as typeof error.problems);
    assertEquals(error.detail, "Bad");
  }
});

Deno.test("fromPostgrest() survives details of any kind", () => {
  for (const details of ["{", "[1,null,{}]", "null", "plain text", '{"problems":3}', "", null]) {
    const error = fromPostgrest({ code: "conflict", message: "m", details, hint: null }, 409);
    assertEquals([error.code, error.problems], ["conflict", undefined]);
  }
  const details = '{"retry_after_seconds":7.2}';
  const limited = fromPostgrest({ code: "rate_limited", message: "m", details, hint: null }, 429);
  assertEquals(limited.headers["Retry-After"], "8");
});

Deno.test("fromPostgres() maps connection faults, SQLSTATEs and private.fail", () => {
  const raise = (code: string, message = "m") => Object.assign(new Error(message), { code });
  assertEquals(fromPostgres(raise("CONNECT_TIMEOUT")).code, "service_unavailable");
  assertEquals(fromPostgres(raise("ECONNREFUSED")).code, "service_unavailable");
  assertEquals(fromPostgres(raise("57014")).code, "timeout");
  assertEquals(fromPostgres(raise("23505")).code, "conflict");
  assertEquals(fromPostgres(raise("XX000")).code, "internal");
  assertEquals(fromPostgres(raise("PGRST", "not json")).code, "internal");
  assertEquals(fromPostgres("text").code, "internal");
  const failure = JSON.stringify({
    code: "not_found",
    message: "No such run",
    details: '[{"path":"a","code":"b","message":"c"}]',
    hint: null,
  });
  const error = fromPostgres(raise("PGRST", failure));
  assertEquals([error.code, error.detail, error.problems?.length], ["not_found", "No such run", 1]);
  assertEquals(fromPostgres(error), error);
});

Deno.test("fromZod() lists every issue with its path, unknown properties one by one", () => {
  const schema = z.strictObject({
    name: z.string().min(1),
    nodes: z.array(z.strictObject({ id: z.string() })),
    size: z.number().max(3),
  });
  const parsed = schema.safeParse({ nodes: [{ id: "a" }, { id: 3, x: 1, y: 2 }], size: 4, extra: 1 });
  assert(!parsed.success);
  const problems = fromZod(parsed.error, "body");
  const found = problems.map(({ path, code }) => `${path} ${code}`).sort();
  assertEquals(found, [
    "body.extra unknown_property",
    "body.name required",
    "body.nodes[1].id invalid_type",
    "body.nodes[1].x unknown_property",
    "body.nodes[1].y unknown_property",
    "body.size too_big",
  ]);
});

Deno.test("fromZod() reports the closest branch of a union and the code of a refinement", () => {
  const schema = z.union([z.object({ a: z.string(), b: z.string() }), z.object({ c: z.string() })]);
  const parsed = schema.safeParse({ a: "x", b: 3 });
  assert(!parsed.success);
  assertEquals(fromZod(parsed.error).map((problem) => problem.path), ["b"]);
  const refined = z.string().superRefine((_, context) => {
    context.addIssue({ code: "custom", message: "Old", params: { code: "too_old" } });
  });
  assertObjectMatch(fromZod(refined.safeParse("x").error ?? { issues: [] })[0] ?? {}, { path: "", code: "too_old" });
});

Deno.test("formatPath() quotes what is no plain name", () => {
  assertEquals(formatPath(["body", "nodes", 0, "a b", "c-d"]), 'body.nodes[0]["a b"].c-d');
  assertEquals(formatPath([]), "");
});

Deno.test("docs/errors.md lists every code with its status and what to do", async () => {
  const path = new URL("../../docs/errors.md", import.meta.url);
  // deno fmt aligns the table with spaces.
  const text = (await Deno.readTextFile(path)).replaceAll(/ +/g, " ");
  for (const [code, { status, title }] of Object.entries(ERROR_CODES)) {
    assertStringIncludes(text, `| \`${code}\` | ${status} | ${title} | ${ERROR_ADVICE[code as ErrorCode].remedy} |`);
  }
  for (const [code, meaning] of Object.entries(STEP_ERROR_CODES)) {
    assertStringIncludes(text, `| \`${code}\` | ${meaning} | ${STEP_ERROR_ADVICE[code as StepErrorCode]} |`);
  }
});
