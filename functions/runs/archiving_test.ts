/**
 * The archiving of runs when something goes wrong, or somebody comes between.
 *
 * @module
 */
import { archiveRuns, removeArchives } from "../../shared/archives/mod.ts";
import { type BlobStore, MemoryBlobStore } from "../../shared/blobs/mod.ts";
import { adminClient } from "../../shared/db/mod.ts";
import type { JsonObject } from "../../shared/graph/mod.ts";
import { assert, assertEquals, assertRejects } from "../../tests/helpers/assert.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { AFTER, archive, archives, download, everyRun, member, WEEK } from "../../tests/sql/_archives.ts";
import { apply, contents, countAll, fill, keeper, makeWeek } from "../../tests/sql/_retention.ts";
import { router } from "./router.ts";

Deno.test("an archiving that dies anywhere goes on where it was: nothing is lost and nothing twice", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 40);
    await countAll(api.db, AFTER);
    const before = await everyRun(api, pro);
    await apply(api.db, AFTER);
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
    await countAll(db, AFTER);
    await apply(db, AFTER);
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

Deno.test("archives that do not succeed for two weeks are said so, and nothing is dropped", () =>
  withServedApi([router], async (api) => {
    await makeWeek(api.db, `${WEEK}Z`);
    const pro = await keeper(api.db, "pro", true);
    await fill(api.db, pro, `${WEEK}Z`, 10);
    await countAll(api.db, AFTER);
    await apply(api.db, AFTER);
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
