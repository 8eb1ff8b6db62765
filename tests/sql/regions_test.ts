import { assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { begin, leftovers, runState } from "./_engine.ts";
import { scenarios } from "./_scenarios.ts";
import { did, opening, said, settle, type WireJob } from "./_settle.ts";

const item = ({ scope, payload }: WireJob) => [scope, payload?.["item"], payload?.["index"], payload?.["count"]];

async function alive(db: TestDatabase, run: string) {
  const rows = await db.sql`
    select node_id, scope, status from public.job_queue where run_id = ${run} order by scope, node_id`;
  return rows.map((row) => `${row.node_id}@${row.scope} ${row.status}`);
}

/** Items that do their one step and leave the region with it. */
async function finishAll(db: TestDatabase, worker: string, jobs: WireJob[]) {
  return await settle(
    db,
    worker,
    jobs.map((job) => said(job, { steps: [did("w", job.payload?.["item"] ?? null, { exit: 0 })] })),
  );
}

scenarios("regions", {
  "engine.settle_jobs() opens a region": {
    "in windows: the owner waits, the first items are leased to the worker": async (db) => {
      const { run, worker, job } = await begin(db);
      const reply = await settle(db, worker, [said(job, { open: opening(["a", "b", "c", "d", "e"]) })]);
      assertEquals(reply.jobs.map(item), [["s.0", "a", 0, 5], ["s.1", "b", 1, 5]]);
      assertEquals(await alive(db, run), ["s@ waiting", "s@s.0 running", "s@s.1 running"]);
    },
    "each item that ends makes room for the next; the last one gives the closer what all gave, in order": async (
      db,
    ) => {
      const { run, worker, job } = await begin(db);
      let { jobs } = await settle(db, worker, [said(job, { open: opening(["a", "b", "c"]) })]);
      const [first, second] = jobs;
      ({ jobs } = await finishAll(db, worker, [second!]));
      assertEquals(jobs.map(item), [["s.2", "c", 2, 3]]);
      const third = jobs[0]!;
      assertEquals((await finishAll(db, worker, [third])).jobs, []);
      ({ jobs } = await finishAll(db, worker, [first!]));
      assertEquals(jobs.map(({ node, scope, payload }) => [node, scope, payload]), [
        ["c", undefined, { close: { body: ["w"], failed: 0, completed: 3, owner: "s", total: 3 } }],
      ]);
      assertEquals(jobs[0]?.items, [
        { index: 0, status: "completed", value: "a" },
        { index: 1, status: "completed", value: "b" },
        { index: 2, status: "completed", value: "c" },
      ]);
      assertEquals(await alive(db, run), ["c@ running"]);
      await settle(db, worker, [said(jobs[0]!, { steps: [did("c", ["a", "b", "c"], { leaf: true })] })]);
      assertEquals((await runState(db, run)).output, ["a", "b", "c"]);
      assertEquals(await leftovers(db, run), { tokens: 0, joins: 0 });
    },
    "an item without an exit was filtered out; one with several gives a list": async (db) => {
      const { worker, job } = await begin(db);
      let { jobs } = await settle(db, worker, [said(job, { open: opening([1, 2], { body: ["w", "x"] }) })]);
      ({ jobs } = await settle(db, worker, [
        said(jobs[0]!, { steps: [did("w", 1)] }),
        said(jobs[1]!, { steps: [did("x", "second", { exit: 1 }), did("w", "first", { exit: 0 })] }),
      ]));
      assertEquals(jobs[0]?.items, [
        { index: 0, status: "skipped" },
        { index: 1, status: "completed", value: ["first", "second"] },
      ]);
    },
    "an item lives as long as any token of it does": async (db) => {
      const { run, worker, job } = await begin(db);
      let { jobs } = await settle(db, worker, [said(job, { open: opening([1]) })]);
      ({ jobs } = await settle(db, worker, [said(jobs[0]!, {
        move: { node: "w", reads: [], keep: true },
        spawn: [{ node: "x", reads: [], keep: true }],
      })]));
      const at = (node: string) => jobs.find((other) => other.node === node)!;
      assertEquals((await settle(db, worker, [said(at("w"), { steps: [did("w", 1, { exit: 0 })] })])).jobs, []);
      assertEquals(await alive(db, run), ["s@ waiting", "x@s.0 running"]);
      const end = await settle(db, worker, [said(at("x"), { steps: [did("x")] })]);
      assertEquals(end.jobs.map(({ node }) => node), ["c"]);
    },
    "regions in regions: scopes nest, and the same node is told apart": async (db) => {
      const { run, worker, job } = await begin(db);
      const outer = await settle(db, worker, [said(job, { open: opening([1, 2], { body: ["t", "d"] }) })]);
      const inner = await settle(
        db,
        worker,
        outer.jobs.map((each) => said(each, { open: opening(["x"], { node: "t", closer: "d" }) })),
      );
      assertEquals(inner.jobs.map(({ scope }) => scope).toSorted(), ["s.0/t.0", "s.1/t.0"]);
      assertEquals(await alive(db, run), [
        "s@ waiting",
        "t@s.0 waiting",
        "t@s.0/t.0 running",
        "t@s.1 waiting",
        "t@s.1/t.0 running",
      ]);
      const closing = await finishAll(db, worker, inner.jobs);
      assertEquals(closing.jobs.map(({ node, scope }) => [node, scope]).toSorted(), [["d", "s.0"], ["d", "s.1"]]);
      const end = await settle(
        db,
        worker,
        closing.jobs.map((each) => said(each, { steps: [did("d", [each.scope!], { exit: 0 })] })),
      );
      assertEquals(end.jobs[0]?.items, [
        { index: 0, status: "completed", value: ["s.0"] },
        { index: 1, status: "completed", value: ["s.1"] },
      ]);
    },
    "what an item reads comes from the innermost scope that has it": async (db) => {
      const { worker, job } = await begin(db);
      await settle(db, worker, [said(job, { hold: true, steps: [did("w", "outside"), did("v", "only outside")] })]);
      const opened = await settle(db, worker, [said(job, { open: opening([1]) })]);
      const moved = await settle(db, worker, [said(opened.jobs[0]!, {
        steps: [did("w", "inside")],
        move: { node: "x", reads: ["w", "v"], keep: true },
      })]);
      assertEquals(moved.jobs[0]?.outputs, { w: "inside", v: "only outside" });
    },
    "10,000 items: never more tokens than the window": async (db) => {
      const { run, worker, job } = await begin(db);
      const items = Array.from({ length: 2_000 }, (_, index) => index);
      let { jobs } = await settle(db, worker, [said(job, { open: opening(items, { window_size: 16 }) })]);
      let most = 0;
      for (let done = 0; jobs[0]?.payload?.["close"] === undefined; done += jobs.length) {
        if (done % 160 === 0) most = Math.max(most, (await leftovers(db, run)).tokens);
        ({ jobs } = await finishAll(db, worker, jobs));
      }
      assertEquals(most, 17);
      assertEquals((jobs[0]?.items as { value: number }[]).map(({ value }) => value), items);
    },
  },
  "engine.settle_jobs() and items that fail": {
    "one failure too many: the others are dropped, the closer gets the error": async (db) => {
      const { run, worker, job } = await begin(db);
      const { jobs } = await settle(db, worker, [said(job, { open: opening([1, 2, 3]) })]);
      const error = { code: "http_error", message: "no", node_id: "w" };
      const end = await settle(db, worker, [said(jobs[1]!, {
        steps: [{ ...did("w"), status: "failed", error }],
        fail: { error },
      })]);
      assertEquals(end.jobs.map(({ node, payload }) => [node, payload]), [
        ["c", { close: { body: ["w"], failed: 1, completed: 0, owner: "s", total: 3, error, index: 1 } }],
      ]);
      assertEquals(await alive(db, run), ["c@ running"]);
      const late = await finishAll(db, worker, [jobs[0]!]);
      assertEquals(late, { settled: [], jobs: [] });
    },
    "tolerated failures are told with the item": async (db) => {
      const { worker, job } = await begin(db);
      const { jobs } = await settle(db, worker, [said(job, { open: opening([1, 2], { tolerate: 2 }) })]);
      const error = { code: "http_error", message: "no", node_id: "w" };
      const end = await settle(db, worker, [
        said(jobs[0]!, { steps: [{ ...did("w"), status: "failed", error }], fail: { error } }),
        said(jobs[1]!, { steps: [did("w", 2, { exit: 0 })] }),
      ]);
      assertEquals(end.jobs[0]?.items, [
        { index: 0, status: "failed", error },
        { index: 1, status: "completed", value: 2 },
      ]);
    },
    "a failing item takes along what is open inside it, and nothing else": async (db) => {
      const { run, worker, job } = await begin(db);
      const outer = await settle(db, worker, [said(job, { open: opening([1, 2], { tolerate: 1 }) })]);
      const [first, second] = outer.jobs;
      const split = await settle(db, worker, [said(first!, {
        move: { node: "w", reads: [], keep: true },
        spawn: [{ node: "t", reads: [], keep: true }],
      })]);
      const at = (node: string) => split.jobs.find((other) => other.node === node)!;
      await settle(db, worker, [said(at("t"), { open: opening([1, 2], { node: "t", closer: "d" }) })]);
      await settle(db, worker, [said(at("w"), { fail: { error: { code: "x", message: "y" } } })]);
      assertEquals(await alive(db, run), ["s@ waiting", "s@s.1 running"]);
      const [left] = await db.sql`select count(*)::int as count from private.run_regions where run_id = ${run}`;
      assertEquals(left?.count, 1);
      assertEquals((await finishAll(db, worker, [second!])).jobs.map(({ node }) => node), ["c"]);
    },
  },
  "engine.settle_jobs() and loops": {
    "more: the owner is asked again, with what the iteration gave": async (db) => {
      const { worker, job } = await begin(db);
      const loop = { node: "s", closer: "s", window_size: 1, more: true };
      const opened = await settle(db, worker, [said(job, { open: opening([null], loop) })]);
      assertEquals(opened.jobs.map(({ scope, payload }) => [scope, payload]), [["s.0", {
        count: null,
        index: 0,
        item: null,
      }]]);
      const again = await finishAll(db, worker, [{ ...opened.jobs[0]!, payload: { item: 7 } }]);
      assertEquals(again.jobs.map(({ node, payload }) => [node, payload]), [["s", { again: { index: 0, last: 7 } }]]);
      const second = await settle(db, worker, [said(again.jobs[0]!, { open: opening([7], { ...loop, first: 1 }) })]);
      assertEquals(second.jobs.map(({ scope, payload }) => [scope, payload?.["item"]]), [["s.1", 7]]);
      const broken = await settle(db, worker, [said(second.jobs[0]!, {
        steps: [did("w", 8, { exit: 0 })],
        broke: "s.1",
      })]);
      assertEquals(broken.jobs[0]?.payload?.["close"], { body: ["w"], failed: 0, completed: 1, owner: "s", total: 2 });
      assertEquals(broken.jobs[0]?.items, [
        { index: 0, status: "completed", value: 7 },
        { index: 1, status: "completed", value: 8 },
      ]);
    },
    "break: no further item begins, those under way end": async (db) => {
      const { worker, job } = await begin(db);
      const opened = await settle(db, worker, [said(job, { open: opening([1, 2, 3, 4]) })]);
      const [first, second] = opened.jobs;
      const broken = await settle(db, worker, [said(first!, { steps: [did("w", 1, { exit: 0 })], broke: "s.0" })]);
      assertEquals(broken.jobs, []);
      const end = await finishAll(db, worker, [second!]);
      assertEquals((end.jobs[0]?.items as unknown[]).length, 2);
    },
  },
});
