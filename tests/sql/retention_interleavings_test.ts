/**
 * What happens to those who write to a week while retention rewrites it.
 *
 * @module
 */
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { withDatabase } from "../helpers/postgres.ts";
import { engineOf, result, runState, step } from "./_engine.ts";
import { interleave } from "./_interleave.ts";
import {
  AFTER,
  apply,
  applyOnce,
  beginOld,
  contents,
  countAll,
  fill,
  keeper,
  makeWeek,
  type OldRun,
  WEEK,
} from "./_retention.ts";
import { rpc } from "./_world.ts";

Deno.test("what is written while a partition is rewritten is in the new one", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
    await fill(db, free, WEEK, 50);
    await fill(db, pro, WEEK, 50);
    const olds: OldRun[] = [];
    for (let n = 0; n < 6; n++) olds.push(await beginOld(db, n % 2 ? pro : free));
    await countAll(db, AFTER.free);
    const settle = async (n: number, now = AFTER.free) => {
      const { job, worker, id } = olds[n]!;
      await engineOf(db, { now }).settleJobs(worker, [result(job, { steps: [step("a", { output: { n } })] })]);
      assertEquals((await runState(db, id)).status, "completed");
    };
    assert((await applyOnce(db, AFTER.free)).began);
    await settle(0);
    assertEquals(
      (await applyOnce(db, AFTER.free)).copied?.rows,
      50 * 3 + 6 + 1,
      "all of pro, the open ones, and a step",
    );
    await settle(1);
    await settle(2);
    // Somebody deletes a run that is copied already.
    const [victim] = await db
      .sql`select id from public.runs where organization_id = ${pro.organizationId} and finished_at < '2027-03-10' order by id limit 1`;
    await rpc(db, pro.tenant.user, "delete_run", { p_run_id: victim!.id });
    assert((await applyOnce(db, AFTER.free)).swapped);
    await settle(3);
    for (const n of [0, 1, 2, 3]) {
      const [row] = await db.sql`select output from public.run_steps where run_id = ${olds[n]!.id}`;
      assertEquals(row?.output, { n });
    }
    assertEquals(await runState(db, olds[4]!.id).then(({ status }) => status), "running");
    assertEquals((await contents(db, free.organizationId)).runs, 3);
    assertEquals((await contents(db, pro.organizationId)).runs, 50 - 1 + 3);
    assertEquals((await db.sql`select 1 from public.runs where id = ${victim!.id}`).length, 0);
    assertEquals((await db.sql`select 1 from pg_trigger where tgname = 'note_change'`).length, 0);
  });
});

Deno.test("it gives way to who writes to the week, whatever step it is at, and loses nothing of them", async () => {
  await withDatabase((db) =>
    interleave(db, async (stage) => {
      await makeWeek(db, WEEK);
      const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
      await fill(db, free, WEEK, 50);
      await fill(db, pro, WEEK, 50);
      const olds = [await beginOld(db, free), await beginOld(db, free), await beginOld(db, pro)];
      await countAll(db, AFTER.free);
      const settling = await stage.session("settle");
      await settling.run(`select set_config('millrace.now', '${AFTER.free}', false)`);
      await settling.commit();
      const settle = (n: number) =>
        settling.engine.settleJobs(olds[n]!.worker, [result(olds[n]!.job, { steps: [step("a", { output: { n } })] })]);

      await settle(0);
      const before = performance.now();
      assertEquals((await applyOnce(db, AFTER.free)).gave_way, { kind: "runs", week: "2027-03-01" });
      assert(performance.now() - before < 5_000, "it makes nobody wait for long");
      await settling.commit();
      // What was committed before it began needs no note.
      assert((await applyOnce(db, AFTER.free)).began);
      assert((await applyOnce(db, AFTER.free)).copied);

      await settle(1);
      assertEquals(await applyOnce(db, AFTER.free), { gave_way: { kind: "runs", week: "2027-03-01" }, more: false });
      assertEquals(await applyOnce(db, AFTER.free), { gave_way: { kind: "runs", week: "2027-03-01" }, more: false });
      await settling.commit();

      // And whoever comes while it swaps waits for it, and writes to the new partition.
      const swapping = await stage.session("swap");
      await swapping.run(`select set_config('millrace.now', '${AFTER.free}', true)`);
      assert((await swapping.service<{ swapped?: Json }>("apply_retention")).swapped);
      const waiting = await stage.untilBlocked(settling, () => settle(2));
      await swapping.commit();
      await waiting.result;
      await settling.commit();
      for (const [n, { id }] of olds.entries()) {
        assertEquals((await runState(db, id)).status, "completed");
        const [row] = await db.sql`select output from public.run_steps where run_id = ${id}`;
        assertEquals(row?.output, { n });
      }
      assertEquals((await contents(db, free.organizationId)).runs, 2);
      assertEquals((await contents(db, pro.organizationId)).runs, 51);
    })
  );
});

Deno.test("what is committed at the very moment of the swap is in the new partition", async () => {
  await withDatabase((db) =>
    interleave(db, async (stage) => {
      await makeWeek(db, WEEK);
      const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
      for (const one of [free, pro]) await fill(db, one, WEEK, 20);
      const olds: OldRun[] = [];
      for (let n = 0; n < 6; n++) olds.push(await beginOld(db, free));
      await countAll(db, AFTER.free);
      const [settling, swapping] = [await stage.session("settle"), await stage.session("swap")];
      for (const session of [settling, swapping]) {
        await session.run(`select set_config('millrace.now', '${AFTER.free}', false)`);
        await session.commit();
      }
      assert((await applyOnce(db, AFTER.free)).began);
      assert((await applyOnce(db, AFTER.free)).copied);
      let swapped = false;
      for (const [n, { job, worker }] of olds.entries()) {
        await settling.engine.settleJobs(worker, [result(job, { steps: [step("a", { output: { n } })] })]);
        if (swapped) {
          await settling.commit();
          continue;
        }
        // It waits for the writer, who commits; on a machine that is slow it may give up before, and tries again.
        const swap = await stage.untilBlocked(
          swapping,
          () => swapping.service<{ swapped?: Json }>("apply_retention"),
        );
        await settling.commit();
        swapped = (await swap.result).swapped !== undefined;
        await swapping.commit();
      }
      if (!swapped) await apply(db, AFTER.free);
      for (const [n, { id }] of olds.entries()) {
        assertEquals((await runState(db, id)).status, "completed");
        const [row] = await db.sql`select output from public.run_steps where run_id = ${id}`;
        assertEquals(row?.output, { n });
      }
      assertEquals((await contents(db, free.organizationId)).runs, 6);
    })
  );
});

Deno.test("a rewriting that fails leaves everything as it was, and begins anew the next day", async () => {
  await withDatabase(async (db) => {
    await makeWeek(db, WEEK);
    const [free, pro] = [await keeper(db, "free"), await keeper(db, "pro")];
    for (const one of [free, pro]) await fill(db, one, WEEK, 20);
    await countAll(db, AFTER.free);
    const before = [await contents(db, free.organizationId), await contents(db, pro.organizationId)];
    assert((await applyOnce(db, AFTER.free)).began);
    assert((await applyOnce(db, AFTER.free)).copied);
    // A migration comes between.
    await db.sql`alter table public.runs add column mood text`;
    assert((await applyOnce(db, AFTER.free)).failed?.error.includes("mood"));
    await db.sql`alter table public.runs drop column mood`;
    assertEquals([await contents(db, free.organizationId), await contents(db, pro.organizationId)], before);
    assertEquals((await db.sql`select 1 from pg_class where relname like 'keep\\_%'`).length, 0);
    await apply(db, "2027-03-17T00:00:00Z");
    assertEquals((await contents(db, free.organizationId)).runs, 0);
    assertEquals(await contents(db, pro.organizationId), before[1]);
  });
});
