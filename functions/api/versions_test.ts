import { backgroundSettled, createApp } from "../../shared/http/mod.ts";
import { type ApiUser, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { FUNCTIONS, mounts } from "./mounts.ts";
import { createRouter } from "../../shared/http/mod.ts";
import { router } from "./router.ts";

const LATEST = "2026-11-21";
const FIRST = "2026-11-01";
const options = { app: { mounts } };
const jobs = await FUNCTIONS.jobs();

Deno.test("requests mean the latest version, their pin, or what they say; each answer names it", () =>
  withApi([router, jobs], async (api) => {
    const ada = await api.createUser();
    const chosen = async (headers = {}) => {
      const { status, headers: answered, body } = await ada.get<Record<string, unknown>>("/api/v1/version", headers);
      return [status, answered.get("millrace-version"), answered.get("deprecation"), body.version, body.pinned];
    };
    const old = "@1795219200";
    assertEquals(await chosen(), [200, LATEST, null, LATEST, null]);
    assertEquals(await chosen({ "millrace-version": FIRST }), [200, FIRST, old, FIRST, null]);
    expectProblem(await ada.get("/jobs", { "millrace-version": "2026-11-02" }), "invalid_request");
    assertEquals((await ada.send("PUT", "/api/v1/version", { version: FIRST })).status, 204);
    assertEquals(await chosen(), [200, FIRST, old, FIRST, FIRST]);
    assertEquals(await chosen({ "millrace-version": LATEST }), [200, LATEST, null, LATEST, FIRST]);
    const { headers } = await ada.get("/jobs");
    assertEquals(headers.get("sunset"), "Sun, 21 Nov 2027 00:00:00 GMT");
    assertEquals(
      headers.get("link"),
      '<http://project.test/functions/v1/api/v1/changelog>; rel="deprecation"; type="application/json"',
    );
    assertEquals((await ada.send("PUT", "/api/v1/version", { version: null })).status, 204);
    assertEquals(await chosen(), [200, LATEST, null, LATEST, null]);
    expectProblem(await ada.send("PUT", "/api/v1/version", { version: "2020-01-01" }), "invalid_request");
    const key_id = crypto.randomUUID();
    expectProblem(await ada.send("PUT", "/api/v1/version", { version: FIRST, key_id }), "not_found");
    const viewer = await api.createMember(ada.organizationId, "viewer");
    expectProblem(await viewer.send("PUT", "/api/v1/version", { version: FIRST }), "forbidden");
  }, options));

Deno.test("version 2026-11-01 sorts by id and gets whole lists without next_cursor", () =>
  withApi([jobs], async (api) => {
    const ada = await api.createUser();
    const old = { "millrace-version": FIRST };
    for (const sort of ["id", "-id", "-created_at"]) {
      assertEquals((await ada.get(`/jobs?sort=${sort}`, old)).status, 200, sort);
    }
    expectProblem(await ada.get("/jobs?sort=id"), "invalid_request");
    const before = await api.operator.get<{ data: unknown[] }>("/jobs/tasks", old);
    assertEquals([Object.keys(before.body), before.status], [["data"], 200]);
    const now = await api.operator.get<{ data: unknown[]; next_cursor: null }>("/jobs/tasks");
    assertEquals([now.body.data.length, now.body.next_cursor], [before.body.data.length, null]);
    assert(now.headers.get("etag") !== before.headers.get("etag"));
  }));

Deno.test("GET /api/v1/changelog tells everybody what changed", () =>
  withApi([router], async (api) => {
    const { body } = await api.caller({}).get<{ data: { version: string; changes: unknown[] }[] }>("/api/v1/changelog");
    assertEquals(body.data.map(({ version }) => version), [LATEST, FIRST]);
    assertEquals(body.data[0]?.changes.length, 2);
  }));

interface Usage {
  version: string;
  operation: string;
  door: string;
  requests: number;
  errors: number;
}

Deno.test("what was asked is counted by version, operation and door, for the organization and for operators", () =>
  withApi([router, jobs], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const counted = (functions: typeof router, more = {}) =>
      createApp(functions.name, functions, {
        env: api.env,
        fetch: api.fetch,
        write: () => {},
        usageMilliseconds: 5,
        ...more,
      });
    const apps = { api: counted(router, { mounts }), jobs: counted(jobs) };
    const ask = async (user: ApiUser, path: string, headers = {}) => {
      const app = path.startsWith("/api") ? apps.api : apps.jobs;
      const apikey = api.env.publishableKeys.default ?? "";
      const own = { apikey, authorization: `Bearer ${user.token}`, ...headers };
      await (await app.fetch(new Request(`http://project.test${path}`, { headers: own }))).text();
    };
    await Promise.all(Array.from({ length: 20 }, () => ask(ada, "/jobs")));
    await ask(ada, "/api/v1/jobs", { "millrace-version": FIRST });
    await ask(ada, "/api/v1/workflows");
    await ask(ada, "/jobs?sort=x");
    await ask(bob, "/jobs");
    await backgroundSettled();
    const usage = async (path = "") =>
      (await ada.get<{ data: Usage[] }>(`/api/v1/usage${path}`)).body.data
        .map(({ version, operation, door, requests, errors }) => [version, operation, door, requests, errors]);
    assertEquals(await usage(), [
      [LATEST, "listJobs", "jobs", 21, 1],
      [LATEST, "listFlows", "api/v1/workflows", 1, 0],
      [FIRST, "listJobs", "api/v1/jobs", 1, 0],
    ]);
    assertEquals((await usage("?door=api/v1/workflows")).length, 1);
    assertEquals(await usage("?to=2020-01-01"), []);
    const all = await api.operator.get<{ data: Usage[] }>("/api/v1/usage?operation=listJobs&door=jobs");
    assertEquals(all.body.data.map(({ requests }) => requests), [22]);
  }, options));

Deno.test("flags: for a share of the organizations, for one, and from a version on", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const has = async (headers = {}) => (await ada.get<{ flags: string[] }>("/api/v1/flags", headers)).body.flags;
    const { sql } = api.db;
    assertEquals(await has(), []);
    const share100 = '{"percentage": 100}';
    await sql`select engine.set_flag('everybody', ${share100}::text::jsonb), engine.set_flag('nobody'), engine.set_flag('hers')`;
    await sql`select engine.set_flag('not_hers', ${share100}::text::jsonb)`;
    await sql`
      select engine.set_flag_rule('hers', ${ada.organizationId}, true), engine.set_flag_rule('not_hers', ${ada.organizationId}, false)`;
    await sql`
      select engine.set_flag('newer', jsonb_build_object('percentage', 100, 'since_version', ${LATEST}::text))`;
    assertEquals((await has()).toSorted(), ["everybody", "hers", "newer"]);
    assertEquals((await has({ "millrace-version": FIRST })).toSorted(), ["everybody", "hers"]);
    await sql`
      select engine.set_flag_rule('hers', ${ada.organizationId}, null), engine.set_flag('newer', '{"percentage": 0}')`;
    assertEquals(await has(), ["everybody"]);
    await sql`select engine.remove_flag('everybody'), engine.set_flag('half', '{"percentage": 50}')`;
    const [share] = await sql`
      select count(*) filter (where private.flags_of(gen_random_uuid()) ? 'half')::int as n
      from generate_series(1, 400)`;
    assert(share?.n > 120 && share?.n < 280, `${share?.n} of 400`);
  }));

Deno.test("the routes keep the common contract", async (t) => {
  const own = createRouter("api", router.routes.filter(({ kind }) => kind === "json"));
  await withApi([router], (api) => checkRoutes(t, api, own), options);
});
