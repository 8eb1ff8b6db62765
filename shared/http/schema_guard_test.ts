import { z } from "zod";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { asUser, fakeDataApi, sqlError, testEnv, testOptions } from "../../tests/helpers/http.ts";
import { compareSchema } from "../db/mod.ts";
import { createSchemaGuard } from "./_schema_guard.ts";
import { createApp, createRouter, defineRawRoute, defineRoute } from "./mod.ts";

const NEEDED = "20270101000000";
const fits = { version: NEEDED, serves_from: NEEDED };
const old = { version: "20261231000000", serves_from: "20261231000000" };

/** A route of each kind, which count how often their handlers run. */
function createRoutes(handled: string[]) {
  const common = { path: "/", tags: ["things"], responses: { 200: { description: "Done", schema: z.object({}) } } };
  const made = (kind: string) => () => {
    handled.push(kind);
    return {};
  };
  const route = (kind: string, access: object) =>
    defineRoute(
      { ...common, method: "get", path: `/${kind}`, operationId: kind, summary: kind, access } as never,
      made(kind) as never,
    );
  return createRouter("things", [
    route("user", { user: "any" }),
    route("secret", { secret: true }),
    route("public", { public: true }),
    defineRawRoute({ ...common, path: "/raw", operationId: "raw", summary: "raw" }, () => Response.json(made("raw")())),
  ]);
}

const PATHS = ["/things/user", "/things/secret", "/things/public", "/things/raw"];

Deno.test("every route answers 503 with what to do on a schema that is too old, and runs nothing", async () => {
  for (const answer of [() => old, () => sqlError(404, "PGRST202", "Could not find the function")]) {
    const handled: string[] = [];
    const fake = fakeDataApi();
    fake.on("rpc/schema_version", answer);
    const app = createApp("things", createRoutes(handled), testOptions(fake, { schema: NEEDED }));
    for (const path of PATHS) {
      const response = await app.request(path, await asUser("GET"));
      const body = await response.json();
      assertEquals([response.status, body.code], [503, "schema_mismatch"], path);
      assertEquals(response.headers.get("content-type"), "application/problem+json");
      assert(Number(response.headers.get("retry-after")) > 0);
      assertEquals(body.problems.map(({ code }: { code: string }) => code), ["schema_too_old"]);
      assert(body.detail.includes("supabase db push"), body.detail);
    }
    assertEquals(handled, []);
  }
});

Deno.test("a schema that fits is asked for once in the life of an app, whatever is called", async () => {
  const handled: string[] = [];
  const fake = fakeDataApi();
  fake.on("rpc/schema_version", () => ({ ...fits, version: "20280101000000" }));
  const app = createApp("things", createRoutes(handled), testOptions(fake, { schema: NEEDED }));
  const once = async () => {
    const replies = await Promise.all(
      PATHS.map(async (path) =>
        await app.request(
          path,
          path.endsWith("secret") ? { headers: { apikey: testEnv().secretKeys.default } } : await asUser("GET"),
        )
      ),
    );
    assertEquals(replies.map(({ status }) => status), [200, 200, 200, 200]);
  };
  for (let round = 0; round < 3; round++) await once();
  assertEquals(fake.calls.filter(({ path }) => path === "rpc/schema_version").length, 1);
  assertEquals(fake.calls.length, 1 + 3);
});

Deno.test("the guard notices a migration within seconds, and one that is taken back within a minute", async () => {
  const fake = fakeDataApi();
  let answer: unknown = old;
  fake.on("rpc/schema_version", () => answer);
  let now = 0;
  const guard = createSchemaGuard(testEnv(), { needed: NEEDED, fetch: fake.fetch, now: () => now });
  const state = async () => {
    try {
      await guard.check();
      return "ok";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assertEquals([await state(), await state(), fake.calls.length], ["schema_mismatch", "schema_mismatch", 1]);
  answer = fits;
  now += 2_001;
  assertEquals([await state(), guard.check(), fake.calls.length], ["ok", undefined, 2]);
  answer = old;
  now += 60_001;
  // The request that finds it out is not kept waiting.
  assertEquals(guard.check(), undefined);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(await state(), "schema_mismatch");
});

Deno.test("a database that is away is left to the request itself, and asked again", async () => {
  const fake = fakeDataApi();
  fake.down = true;
  let now = 0;
  const guard = createSchemaGuard(testEnv(), { needed: NEEDED, fetch: fake.fetch, now: () => now });
  await guard.check();
  assertEquals(guard.check(), undefined);
  fake.down = false;
  fake.on("rpc/schema_version", () => fits);
  now += 2_001;
  await guard.check();
  assertEquals([guard.check(), fake.calls.length], [undefined, 1]);
});

Deno.test("compareSchema() takes what is newer as long as it serves the functions", () => {
  assertEquals(compareSchema(fits, NEEDED), "ok");
  assertEquals(compareSchema(old, NEEDED), "too_old");
  assertEquals(compareSchema({ version: "20280101000000", serves_from: "20260101000000" }, NEEDED), "ok");
  assertEquals(compareSchema({ version: "20280101000000", serves_from: "20270201000000" }, NEEDED), "too_new");
});
