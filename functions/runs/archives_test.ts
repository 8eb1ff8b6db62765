/**
 * Runs that fall out of retention: archived before, gone after, and still to be read.
 *
 * @module
 */
import {
  archiveRuns,
  type ArchiveSummary,
  ArchiveWriter,
  findRunLines,
  gunzip,
  readArchiveLines,
  removeArchives,
} from "../../shared/archives/mod.ts";
import { type BlobStore, MemoryBlobStore, RUN_ARCHIVES_BUCKET, serviceBlobStore } from "../../shared/blobs/mod.ts";
import { adminClient } from "../../shared/db/mod.ts";
import { EngineClient, postgresTransport } from "../../shared/engine/mod.ts";
import type { Json, JsonObject } from "../../shared/graph/mod.ts";
import { createJobRunner } from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { createWorker, localProviders } from "../../tests/helpers/engine.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { apply, contents, countAll, fill, type Keeper, keeper, makeWeek, PLANS } from "../../tests/sql/_retention.ts";
import { router } from "./router.ts";

const WEEK = "2026-01-05";
/** When the plans have let go of the week: runs are kept for 7, 30, 90 and 365 days. */
const AFTER = { free: "2026-01-20Z", pro: "2026-02-12Z", team: "2026-04-13Z", enterprise: "2027-01-13Z" };

/** Archives all that is asked for, one job after the other; gives what the jobs did. */
async function archive(
  api: TestApi,
  keeper: Keeper,
  partBytes?: number,
  store = archives(api),
): Promise<ArchiveSummary[]> {
  const summaries: ArchiveSummary[] = [];
  do {
    summaries.push(
      await archiveRuns({ organization_id: keeper.organizationId, week: WEEK }, {
        db: adminClient(api.env),
        store,
        signal: new AbortController().signal,
        partBytes,
      }),
    );
  } while (summaries.at(-1)!.more);
  return summaries;
}

function archives(api: TestApi): BlobStore {
  return serviceBlobStore(api.env, { bucket: RUN_ARCHIVES_BUCKET });
}

/** A user of the API in the keeper's organization. */
function member(api: TestApi, { organizationId }: Keeper): Promise<ApiUser> {
  return api.createMember(organizationId, "viewer");
}

/** Every line of the organization's archives as the API gives them. */
async function download(user: ApiUser): Promise<JsonObject[]> {
  const { body } = await user.get<{ data: { id: string; part: number; lines: number }[] }>("/runs/archives?limit=100");
  const lines: JsonObject[] = [];
  for (const { id, lines: count } of body.data.toReversed()) {
    const reply = await user.get<string>(`/runs/archives/${id}`);
    assertEquals([reply.status, reply.headers.get("content-type")], [200, "application/x-ndjson"]);
    const found = String(reply.body).trimEnd().split("\n").map((line) => JSON.parse(line) as JsonObject);
    assertEquals(found.length, count);
    lines.push(...found);
  }
  return lines;
}

/** What `GET /runs/:id` answers, for every run of an organization. */
async function everyRun(api: TestApi, { organizationId }: Keeper): Promise<JsonObject[]> {
  const rows = await api.db.sql<{ run: JsonObject }[]>`
    select public.get_run(r.id) as run from public.runs r where r.organization_id = ${organizationId} order by r.id`;
  return rows.map(({ run: { more, ...run } }) => ({ ...run, more_steps: more!, waiting_for: null }));
}

Deno.test("50,000 runs: what a plan archives is in Storage before it goes, line for line what the API gave, and is read back", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const keepers: Keeper[] = [];
    for (const plan of PLANS) keepers.push(await keeper(api.db, plan, plan !== "free"));
    for (const one of keepers) await fill(api.db, one, `${WEEK}Z`, 12_500);
    await countAll(api.db, AFTER.pro);
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
    assertEquals(lines, before);
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
    await countAll(api.db, AFTER.pro);
    await apply(api.db, AFTER.pro);
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
  }));

Deno.test("an archiving that dies anywhere goes on where it was: nothing is lost and nothing twice", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 40);
    await countAll(api.db, AFTER.pro);
    const before = await everyRun(api, pro);
    await apply(api.db, AFTER.pro);
    const of = { organization_id: pro.organizationId, week: WEEK };
    const signal = new AbortController().signal;
    const real = archives(api);
    /** Does one thing and dies. */
    const dying = (at: "before" | "after"): BlobStore => ({
      put: async (path, bytes) => {
        if (at === "after") await real.put(path, bytes);
        throw new Error("killed");
      },
      get: (path) => real.get(path),
      getRange: (path, first, end) => real.getRange(path, first, end),
      stream: (path) => real.stream(path),
      remove: (paths) => real.remove(paths),
    });
    const deaths = [dying("before"), dying("after"), real];
    for (let round = 0, more = true; more && round < 60; round++) {
      const options = { db: adminClient(api.env), store: deaths[round % 3]!, signal, partBytes: 6_000 };
      const summary = await archiveRuns(of, options).catch(() => null);
      // What has nothing to put anywhere can not die of it.
      assert(round % 3 === 2 ? summary !== null : summary === null || summary.path === null);
      more = summary?.more ?? true;
      if (more) {
        await apply(api.db, "2026-02-20Z");
        assertEquals((await contents(api.db, pro.organizationId)).runs, 40, "not before all is archived");
      }
    }
    await api.db.sql`update private.partition_rewrites set looked_at = null`;
    await apply(api.db, "2026-02-20Z");
    assertEquals((await contents(api.db, pro.organizationId)).runs, 0);
    assertEquals(await download(await member(api, pro)), before);
    const [objects] = await api.db.sql`
      select count(*)::int as stored, (select count(*)::int from public.run_archives) as rows from storage.objects where bucket_id = 'run-archives'`;
    assertEquals(objects?.stored, objects?.rows);
    assert(objects?.rows > 3);
    const options = { db: adminClient(api.env), store: real, signal };
    // Nobody asks for it any more, and whoever comes too late changes nothing.
    assertEquals(await archiveRuns(of, options), { runs: 0, path: null, bytes: 0, more: false });

    // Archives have an end too: first the object goes, then its row.
    assertEquals(await removeArchives(options.db, real, signal), { removed: 0 });
    await api.db.sql`update public.plans set retention_days = retention_days || '{"archives": 1}' where id = 'pro'`;
    assertEquals(await removeArchives(options.db, real, signal), { removed: objects?.rows });
    const [left] = await api.db.sql`
      select count(*)::int as stored, (select count(*)::int from public.run_archives) as rows from storage.objects where bucket_id = 'run-archives'`;
    assertEquals(left, { stored: 0, rows: 0 });
  }));

Deno.test("of two who archive the same the first is refused, and runs that end late are archived by themselves", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 10);
    const { db } = api;
    const [late] = await db.sql`
      insert into public.runs (id, organization_id, flow_id, flow_version_id, status, trigger, input, deadline_at, started_at)
      values (private.uuid_v7('2026-01-07Z'), ${pro.organizationId}, ${pro.flowId}, ${pro.versionId}, 'running', 'manual', '{}', '2026-12-31Z', '2026-01-07Z')
      returning id`;
    await countAll(db, AFTER.pro);
    await apply(db, AFTER.pro);
    const admin = adminClient(api.env).schema("engine") as unknown as {
      rpc(
        name: string,
        args: Record<string, unknown>,
      ): PromiseLike<{ data: { pass_id: string }; error: { code: string } | null }>;
    };
    const of = { p_organization_id: pro.organizationId, p_week: WEEK };
    const first = await admin.rpc("begin_run_archive", of);
    await archive(api, pro);
    for (const name of ["read_run_archive", "finish_run_archive"]) {
      const { error } = await admin.rpc(name, { ...of, p_pass_id: first.data.pass_id });
      assertEquals(error?.code, "conflict", name);
    }
    await apply(db, "2026-02-20Z");
    assertEquals((await contents(db, pro.organizationId)).runs, 1);
    await db.sql`update public.runs set status = 'completed', finished_at = '2026-02-21Z' where id = ${late!.id}`;
    const before = await everyRun(api, pro);
    await apply(db, "2026-03-20Z");
    assertEquals(
      await archive(api, pro),
      [{ runs: 0, path: null, bytes: 0, more: false }],
      "not before it has expired",
    );
    await apply(db, "2026-03-26Z");
    assertEquals((await archive(api, pro)).map(({ runs }) => runs), [1]);
    await apply(db, "2026-04-02Z");
    assertEquals((await contents(db, pro.organizationId)).runs, 0);
    const user = await member(api, pro);
    assertEquals((await download(user)).at(-1), before[0]);
    assertEquals((await user.get<JsonObject>(`/runs/${late!.id}`)).body, { ...before[0], archived: true });
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
    await countAll(db, AFTER.pro);
    await apply(db, AFTER.pro);
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

Deno.test("archives that do not succeed for two weeks are said so, and nothing is dropped", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 10);
    await countAll(api.db, AFTER.pro);
    await apply(api.db, AFTER.pro);
    const store = new MemoryBlobStore();
    store.failures = Infinity;
    await assertRejects(() => archive(api, pro, undefined, store));
    assertEquals((await apply(api.db, "2026-02-20Z"))[0]?.archives_failing, undefined);
    assertEquals((await apply(api.db, "2026-02-27Z"))[0]?.archives_failing, 1);
    assertEquals((await contents(api.db, pro.organizationId)).runs, 10);
    await archive(api, pro);
    assertEquals((await apply(api.db, "2026-02-28T12:00:00Z"))[0]?.archives_failing, undefined);
    assertEquals((await contents(api.db, pro.organizationId)).runs, 0);
  }));

Deno.test("an object is read member by member, and one that is damaged is not taken for what it was", async () => {
  const store = new MemoryBlobStore();
  const writer = new ArchiveWriter();
  const ids = Array.from({ length: 3_000 }, (_, n) => `0198c5a0-0000-7000-8000-${n.toString(16).padStart(12, "0")}`);
  for (const id of ids) {
    await writer.add({ text: JSON.stringify({ id, text: crypto.randomUUID().repeat(10) }), runId: id, begins: true });
  }
  const written = await writer.finish();
  await store.put("a", written.body);
  const archive = {
    path: "a",
    bytes: written.body.length,
    member_offsets: written.memberOffsets,
    member_run_ids: written.memberRunIds,
  };
  assert(written.memberOffsets.length > 3);
  const lines = await Array.fromAsync(readArchiveLines(store, archive));
  assertEquals(lines.map((line) => JSON.parse(line).id), ids);
  for (const id of [ids[0]!, ids[1_234]!, ids[2_999]!]) {
    store.calls.length = 0;
    assertEquals((await Array.fromAsync(findRunLines(store, [archive], id))).map((line) => JSON.parse(line).id), [id]);
    assert(store.calls.length <= 2);
  }
  assertEquals(await Array.fromAsync(findRunLines(store, [archive], ids[5]!.replace(/^0198/, "0199"))), []);
  // Each member is a gzip file by itself.
  assert((await gunzip(written.body.slice(0, written.memberOffsets[1]))).length > 200_000);
  for (
    const damage of [
      written.body.slice(0, -10),
      new Uint8Array([...written.body, 1]),
      written.body.with(2_000, 1 + written.body[2_000]! % 255),
    ]
  ) {
    await store.put("a", damage);
    await assertRejects(() => Array.fromAsync(readArchiveLines(store, archive)));
  }
  await store.remove(["a"]);
  await assertRejects(() => Array.fromAsync(readArchiveLines(store, archive)));
});
