/**
 * Runs that fall out of retention: archived before, gone after, and still to be read.
 *
 * @module
 */
import { callerBlobStore, RUN_ARCHIVES_BUCKET } from "../../shared/blobs/mod.ts";
import { EngineClient, postgresTransport } from "../../shared/engine/mod.ts";
import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { ApiUser } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { createWorker, localProviders } from "../../tests/helpers/engine.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { AFTER, archive, download, everyRun, member, WEEK } from "../../tests/sql/_archives.ts";
import { apply, contents, countAll, fill, type Keeper, keeper, makeWeek, PLANS } from "../../tests/sql/_retention.ts";
import { router } from "./router.ts";

Deno.test("50,000 runs: what a plan archives is in Storage before it goes, line for line what the API gave, and is read back", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const keepers: Keeper[] = [];
    for (const plan of PLANS) keepers.push(await keeper(api.db, plan, plan !== "free"));
    for (const one of keepers) await fill(api.db, one, `${WEEK}Z`, 12_500);
    await countAll(api.db, AFTER);
    const [free, pro, team] = keepers as [Keeper, Keeper, Keeper];
    const user = await member(api, pro);
    const before = await everyRun(api, pro);
    const sample = await Promise.all([0, 1, 6_249, 12_498, 12_499].map(async (n) => {
      const id = String(before[n]!.id);
      return {
        id,
        body: (await user.get<JsonObject>(`/runs/${id}`)).body,
        steps: (await user.get(`/runs/${id}/steps?limit=1`)).body,
      };
    }));
    for (const [index, n] of [0, 1, 6_249, 12_498, 12_499].entries()) assertEquals(sample[index]!.body, before[n]);

    // Asked for two days ahead; nothing goes that is not archived, however long that takes.
    await apply(api.db, "2026-02-10T12:00:00Z");
    assertEquals([
      (await contents(api.db, free.organizationId)).runs,
      (await contents(api.db, pro.organizationId)).runs,
    ], [0, 12_500]);
    await apply(api.db, "2026-02-20Z");
    assertEquals((await contents(api.db, pro.organizationId)).runs, 12_500);
    const summaries = await archive(api, pro, 4_000_000);
    assert(summaries.length >= 2);
    assertEquals(summaries.reduce((sum, { runs }) => sum + runs, 0), 12_500);
    const kept = await contents(api.db, team.organizationId);
    const reports = await apply(api.db, "2026-02-25Z");
    assert(reports.some((report) => report.swapped !== undefined), JSON.stringify(reports));
    assertEquals((await contents(api.db, pro.organizationId)).runs, 0);
    assertEquals(await contents(api.db, team.organizationId), kept);

    const lines = await download(user);
    assertEquals(lines.length, 12_500);
    // As text: objects are slow to compare. What is inside has the order of jsonb on both sides.
    const text = (line: JsonObject) => JSON.stringify(Object.entries(line).toSorted());
    assertEquals(lines.map(text).join("\n"), before.map(text).join("\n"));
    for (const { id, body, steps } of sample) {
      assertEquals((await user.get<JsonObject>(`/runs/${id}`)).body, { ...body, archived: true });
      assertEquals((await user.get(`/runs/${id}/steps?limit=1`)).body, steps);
    }
    const [sizes] = await api.db
      .sql`select sum(bytes)::int as bytes, sum(raw_bytes)::int as raw from public.run_archives`;
    assert(sizes?.bytes < sizes?.raw / 4, `${sizes?.bytes} of ${sizes?.raw} bytes`);
  }));

Deno.test("archives are read by members of the organization who may read runs, and by nobody else", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 30);
    await countAll(api.db, AFTER);
    await apply(api.db, AFTER);
    await archive(api, pro, 5_000);
    await apply(api.db, "2026-02-20Z");
    const user = await member(api, pro);
    const page = (await user.get<{ data: { id: string; first_run_id: string }[]; next_cursor: string | null }>(
      "/runs/archives?limit=1",
    )).body;
    assertEquals(page.data.length, 1);
    const next = (await user.get<typeof page>(`/runs/archives?limit=1&cursor=${page.next_cursor}`)).body;
    assert(next.data[0]!.id < page.data[0]!.id);
    assertEquals((await user.get<typeof page>("/runs/archives?week=2026-01-08&limit=100")).body.data.length > 1, true);
    assertEquals((await user.get<typeof page>("/runs/archives?week=2026-01-12")).body.data, []);
    expectProblem(await user.get("/runs/archives?week=2026-13-01"), "invalid_request");
    expectProblem(await user.get("/runs/archives?cursor=nonsense"), "invalid_cursor");
    const { id, first_run_id: run } = page.data[0]!;
    const reply = await user.get<string>(`/runs/archives/${id}`);
    const etag = reply.headers.get("etag") ?? "";
    assertEquals((await user.get(`/runs/archives/${id}`, { "if-none-match": etag })).status, 304);
    const zipped = await user.get<string>(`/runs/archives/${id}?format=gzip`);
    assertEquals([zipped.status, zipped.headers.get("content-type")], [200, "application/gzip"]);
    assert(/filename="2026w02-\d{4}-[0-9a-f]{12}\.jsonl\.gz"/.test(zipped.headers.get("content-disposition") ?? ""));

    assertEquals((await user.get<JsonObject>(`/runs/${run}/status`)).body.status, "completed");
    assertEquals((await user.get<JsonObject>(`/runs/${run}/steps/a/output`)).body, { node: "a", text: "y".repeat(50) });
    expectProblem(await user.get(`/runs/${run}/steps/c/output`), "not_found");
    // Of the week, and of nobody.
    expectProblem(await user.get(`/runs/${run.slice(0, -4)}0000`), "not_found");
    const guest = await api.createMember(pro.organizationId, "guest");
    expectProblem(await guest.get("/runs/archives"), "forbidden");
    const stranger = await api.createUser();
    assertEquals((await stranger.get<typeof page>("/runs/archives")).body.data, []);
    for (const path of [`/runs/archives/${id}`, `/runs/${run}`, `/runs/${run}/steps`, `/runs/${run}/status`]) {
      expectProblem(await stranger.get(path), "not_found");
      expectProblem(await api.anonymous.get(path), "unauthorized");
    }
    expectProblem(await user.get(`/runs/archives/${crypto.randomUUID()}`), "not_found");

    // Past the function the policy of the bucket says the same.
    const [object] = await api.db.sql`select path, bytes::int from public.run_archives where id = ${id}`;
    const storeOf = ({ token }: ApiUser) => callerBlobStore(api.env, token, { bucket: RUN_ARCHIVES_BUCKET });
    assertEquals((await storeOf(user).get(object!.path))?.length, object!.bytes);
    for (const other of [guest, stranger]) assertEquals(await storeOf(other).get(object!.path), null);
    await assertRejects(() => storeOf(user).put(object!.path, new Uint8Array([1])));
    await assertRejects(() => storeOf(user).put(`${pro.organizationId}/runs/new.jsonl.gz`, new Uint8Array([1])));
    await storeOf(user).remove([object!.path]).catch(() => {});
    assertEquals((await storeOf(user).get(object!.path))?.length, object!.bytes);
  }));

Deno.test("a run with thousands of steps goes on in further lines, and is read by pages", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 6);
    const { db } = api;
    const [run] = await db.sql`select id from public.runs order by id offset 2 limit 1`;
    await db.sql`
      insert into public.run_steps (run_id, node_id, scope, organization_id, status, output, started_at, finished_at)
      select ${
      run!.id
    }, 'item', 's.' || n, ${pro.organizationId}, 'completed', jsonb_build_object('n', n, 'random', repeat(md5(n::text), 20)),
        '2026-01-07Z', '2026-01-07Z'::timestamptz + n * interval '1 millisecond'
      from generate_series(1, 2500) n`;
    const user = await member(api, pro);
    const all = async () => {
      const steps: Json[] = [];
      for (let cursor = "";;) {
        const { body } = await user.get<{ data: Json[]; next_cursor: string | null }>(
          `/runs/${run!.id}/steps?limit=100${cursor}`,
        );
        steps.push(...body.data);
        if (body.next_cursor === null) return steps;
        cursor = `&cursor=${body.next_cursor}`;
      }
    };
    const [before, whole] = [await all(), (await user.get<JsonObject>(`/runs/${run!.id}`)).body];
    assertEquals(before.length, 2_502);
    await countAll(db, AFTER);
    await apply(db, AFTER);
    // So small that the run goes on in the next object.
    assert((await archive(api, pro, 100_000)).length > 1);
    await apply(db, "2026-02-20Z");
    assertEquals((await contents(db, pro.organizationId)).runs, 0);
    assertEquals((await user.get<JsonObject>(`/runs/${run!.id}`)).body, { ...whole, archived: true });
    assertEquals(await all(), before);
    assertEquals((await user.get<JsonObject>(`/runs/${run!.id}/steps/item/output?scope=s.2400`)).body.n, 2400);
    const lines = await download(user);
    assertEquals(lines.filter((line) => "id" in line).length, 6);
    assert(lines.some((line) => line.run_id === run!.id && line.more_steps === false));
  }));

Deno.test("the system task does it all through the queue: archives in objects, one job after the other, then drops", () =>
  withServedApi([router], async (api) => {
    const { db } = api;
    await makeWeek(db, `${WEEK}Z`);
    const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro", true)];
    for (const one of [free, pro]) await fill(db, one, `${WEEK}Z`, 30);
    // More than one object takes.
    await db.sql`
      insert into public.run_steps (run_id, node_id, organization_id, status, output, started_at, finished_at)
      select r.id, 'large', r.organization_id, 'completed', to_jsonb(repeat('x', 1000000)), r.started_at, r.started_at
      from public.runs r where r.organization_id = ${pro.organizationId}`;
    const before = await everyRun(api, pro);
    await countAll(db, "2026-11-01Z");
    const client = new EngineClient(await postgresTransport(db.url, { connections: 3 }));
    const providers = localProviders();
    const work = () =>
      createWorker(client, { providers, jobs: createJobRunner({ env: api.env, providers, log: createLog("jobs") }) })
        .drain({ idleMs: 0, pollMs: 10 });
    try {
      await db.sql`select engine.run_task('retention', 'manual')`;
      await work();
      assertEquals((await contents(db, free.organizationId)).runs, 0);
      assertEquals((await contents(db, pro.organizationId)).runs, 30);
      const jobs = await db.sql`select type, status, error from public.job_history`;
      assertEquals(jobs.map(({ type, status }) => `${type} ${status}`).toSorted(), [
        "retention.apply completed",
        "runs.archive completed",
        "runs.archive completed",
      ], JSON.stringify(jobs));
      // As if six days had passed.
      await db.sql`update private.partition_rewrites set looked_at = null, rewritten_at = null`;
      await db.sql`select engine.run_task('retention', 'manual')`;
      await work();
      assertEquals((await contents(db, pro.organizationId)).runs, 0);
      const [task] = await db.sql`
        select array_agg(status) as states from private.system_task_runs where name = 'retention'`;
      assertEquals(task?.states, ["completed", "completed"]);
    } finally {
      await client.close();
    }
    assertEquals(await download(await member(api, pro)), before);
  }));
