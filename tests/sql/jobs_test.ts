/**
 * Jobs of the queue, from being enqueued to their end.
 *
 * @module
 */
import type { QueuedJob } from "../../shared/engine/mod.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { assertEquals } from "../helpers/assert.ts";
import { engineOf, lapse, newWorker } from "./_engine.ts";
import { claim, clean, enqueue, finish, history, leftovers, NOTHING, org, PLATFORM } from "./_jobs.ts";
import { scenarios } from "./_scenarios.ts";
import { assertFails, parallel, service } from "./_world.ts";

scenarios("jobs", {
  "engine.enqueue_jobs()": {
    "keeps the order of the list and gives each job an id": async (db) => {
      const made = await enqueue(db, [1, 2, 3].map((n) => ({ payload: { n } })));
      assertEquals(made.map(({ status }) => status), ["enqueued", "enqueued", "enqueued"]);
      const rows = await db
        .sql`select id, payload -> 'n' as n, organization_id from public.job_queue order by payload -> 'n'`;
      assertEquals(rows.map(({ id }) => id), made.map(({ id }) => id));
      assertEquals(rows[0]?.["organization_id"], PLATFORM);
      await clean(db);
    },
    "is part of the caller's transaction": async (db) => {
      await db.sql.begin(async (sql) => {
        await sql`select private.enqueue_job(${org()}, 'test', '{}')`;
        throw new Error("back");
      }).catch(() => {});
      assertEquals((await leftovers(db)).queue, 0);
    },
    "keeps a delayed job until it is due": async (db) => {
      const at = (second: number) => ({
        now: new Date(Date.parse("2026-01-01T00:00:00Z") + second * 1000).toISOString(),
      });
      await enqueue(db, [{ delay_seconds: 30 }, { delay_seconds: 3600 }], at(0));
      assertEquals((await claim(db, newWorker(), 10, at(29))).length, 0);
      const worker = newWorker();
      const due = await claim(db, worker, 10, at(30));
      assertEquals(due.length, 1);
      await finish(db, worker, due, {}, at(30));
      await service(db, "tick", {}, at(3590));
      assertEquals((await claim(db, newWorker(), 10, at(3595))).length, 0);
      assertEquals((await claim(db, newWorker(), 10, at(3600))).length, 1);
      await clean(db);
    },
    "keeps, replaces or rejects a job whose unique key is taken": async (db) => {
      const organization_id = org();
      const job = { organization_id, unique_key: "k" };
      const [first] = await enqueue(db, [{ ...job, payload: 1 }]);
      assertEquals(await enqueue(db, [{ ...job, payload: 2 }]), [{ id: first!.id, status: "kept" }]);
      assertEquals(await enqueue(db, [{ ...job, on_conflict: "reject" }]), [{ id: first!.id, status: "rejected" }]);
      assertEquals(await enqueue(db, [{ ...job, payload: 3, on_conflict: "replace" }]), [
        { id: first!.id, status: "replaced" },
      ]);
      assertEquals(
        (await enqueue(db, [{ ...job, type: "other" }, { ...job, organization_id: org() }])).map(({ status }) =>
          status
        ),
        [
          "enqueued",
          "enqueued",
        ],
      );
      const claimed = await claim(db, newWorker());
      assertEquals(claimed.find(({ job }) => job === first!.id)?.payload, 3);
      // One that has begun is no hindrance.
      assertEquals((await enqueue(db, [job]))[0]?.status, "enqueued");
      await clean(db);
    },
    "makes one job of a unique key, however many ask at once": async (db) => {
      const organization_id = org();
      const made = await parallel(16, () => enqueue(db, [{ organization_id, unique_key: "k" }]));
      assertEquals(new Set(made.flat().map(({ id }) => id)).size, 1);
      assertEquals(made.flat().filter(({ status }) => status === "enqueued").length, 1);
      await clean(db);
    },
    "says what is wrong with a job": async (db) => {
      const wrong: Json[] = [
        null,
        {},
        [],
        [{}],
        [{ type: "t", priority: 99999 }],
        [{ type: "t", max_attempts: 0 }],
        [
          { type: "t", organization_id: "x" },
        ],
        [{ type: "t", unique_key: "" }],
        [{ type: "t", unique_key: "k", on_conflict: "burn" }],
        [{
          type: "t",
          concurrency_key: "k",
          concurrency_limit: 0,
        }],
        [{ type: "flow.step" }],
        [{ type: "t", scheduled_for: "infinity" }],
        ...["NaN", "1e300", 1e300].flatMap((delay_seconds) => [
          [{ type: "t", delay_seconds }],
          [{ type: "t", delay_seconds }, { type: "t", delay_seconds }],
        ]),
      ];
      for (const p_jobs of wrong) {
        await assertFails(service(db, "enqueue_jobs", { p_jobs }), "invalid_request", 400);
      }
      assertEquals((await leftovers(db)).queue, 0);
    },
  },
  "a job that is claimed": {
    "leaves the queue for a lease, and when it is done the lease goes": async (db) => {
      const worker = newWorker();
      await enqueue(db, [{ payload: 1 }, { payload: 2 }]);
      const jobs = await claim(db, worker);
      assertEquals(new Set(jobs.map(({ lease }) => lease)).size, 1);
      assertEquals(await leftovers(db), { ...NOTHING, leases: 1 });
      assertEquals(await finish(db, worker, jobs.slice(0, 1), { result: { ok: true } }), [jobs[0]!.job]);
      assertEquals(await leftovers(db), { ...NOTHING, leases: 1 });
      assertEquals(await finish(db, worker, jobs.slice(1), { keep: false }), [jobs[1]!.job]);
      assertEquals(await leftovers(db), NOTHING);
      assertEquals(await history(db, jobs[0]!.job), {
        status: "completed",
        attempts: 1,
        result: { ok: true },
        error: null,
        replayed_as: null,
      });
      assertEquals(await history(db, jobs[1]!.job), undefined);
      await clean(db);
    },
    "is written with its whole lease as it is by itself": async (db) => {
      const rows = async (jobs: QueuedJob[]) => {
        const kept = await db.sql`
          select type, status, priority, attempts, max_attempts, payload, result, error, unique_key, concurrency_key,
            organization_id
          from public.job_history where id = any (${jobs.map(({ job }) => job)}::uuid[]) order by payload`;
        return kept.map((row) => ({ ...row }));
      };
      const wishes = [
        { payload: 1, organization_id: org(), unique_key: "u" },
        { payload: 2, organization_id: org(), concurrency_key: "c", concurrency_limit: 2, priority: 7 },
        { payload: 3, max_attempts: 3 },
      ];
      const [worker, found] = [newWorker(), []] as [string, unknown[]];
      for (const whole of [false, true]) {
        await enqueue(db, wishes);
        const jobs = await claim(db, worker);
        await service(db, "report_jobs", { p_worker_id: worker, p_progress: [{ job: jobs[0]!.job, progress: 1 }] });
        const { lease } = jobs[0]!;
        if (!whole) await finish(db, worker, jobs);
        else {
          const p_results = [{ lease, keep: true, busy_ms: 3 }];
          const reply = await service(db, "finish_jobs", { p_worker_id: worker, p_results });
          assertEquals<unknown>(reply, { settled: [], leases: [lease] });
          assertEquals<unknown>(
            await service(db, "finish_jobs", { p_worker_id: worker, p_results }),
            { settled: [], leases: [] },
            "it is gone",
          );
        }
        assertEquals(await leftovers(db), NOTHING);
        found.push(await rows(jobs));
      }
      assertEquals(found[1], found[0]);
      assertEquals((found[0] as unknown[]).length, 3);
      await clean(db);
    },
    "is never given to two workers": async (db) => {
      await enqueue(db, Array.from({ length: 200 }, () => ({ organization_id: org() })));
      await enqueue(db, Array.from({ length: 200 }, () => ({})));
      const claimed = (await parallel(8, async () => {
        const worker = newWorker();
        const mine: QueuedJob[] = [];
        for (;;) {
          const jobs = await claim(db, worker, 7);
          if (jobs.length === 0) return mine;
          mine.push(...jobs);
        }
      })).flat();
      assertEquals([claimed.length, new Set(claimed.map(({ job }) => job)).size], [400, 400]);
      await clean(db);
    },
    "is claimed once while others replace it": async (db) => {
      const organization_id = org();
      const made = new Set<string>();
      const taken: QueuedJob[] = [];
      let isOver = false;
      const replacing = parallel(4, async (writer) => {
        for (let round = 0; round < 60; round++) {
          const jobs = Array.from({ length: 5 }, (_, n) => ({
            organization_id,
            unique_key: `k${(n + writer) % 5}`,
            on_conflict: "replace",
            payload: round,
          }));
          // One by one: two who replace several in different orders would wait for each other.
          for (const job of jobs) {
            const [said] = await enqueue(db, [job]);
            if (said!.status === "enqueued") made.add(said!.id);
          }
        }
      }).finally(() => isOver = true);
      await parallel(4, async () => {
        const worker = newWorker();
        for (;;) {
          const last = isOver;
          const jobs = await claim(db, worker, 10);
          taken.push(...jobs);
          if (last && jobs.length === 0) return;
        }
      });
      await replacing;
      assertEquals(taken.map(({ job }) => job).sort(), [...made].sort());
      assertEquals((await leftovers(db)).queue, 0);
      await clean(db);
    },
    "is claimed beside others without a circle of those who wait, when many organizations come and go": async (db) => {
      for (let round = 0; round < 40; round++) {
        await enqueue(db, Array.from({ length: 200 }, () => ({ organization_id: org() })));
        await enqueue(db, Array.from({ length: 200 }, () => ({})));
        const claimed = await parallel(8, async () => {
          const worker = newWorker();
          let count = 0;
          for (;;) {
            const jobs = await claim(db, worker, 7);
            if (jobs.length === 0) return count;
            count += jobs.length;
          }
        });
        assertEquals(claimed.reduce((sum, count) => sum + count, 0), 400, `round ${round}`);
        await db.sql`truncate private.job_leases, public.job_queue cascade`;
      }
    },
    "can be finished by its worker only, and once": async (db) => {
      const worker = newWorker();
      await enqueue(db, [{}]);
      const jobs = await claim(db, worker);
      assertEquals(await finish(db, newWorker(), jobs), []);
      assertEquals(await finish(db, worker, [{ ...jobs[0]!, job: crypto.randomUUID() }]), []);
      assertEquals(await finish(db, worker, jobs), [jobs[0]!.job]);
      assertEquals(await finish(db, worker, jobs), []);
      await clean(db);
    },
    "is tried again after its delay, until it has had its attempts": async (db) => {
      const worker = newWorker();
      const at = (second: number) => ({
        now: new Date(Date.parse("2026-01-01T00:00:00Z") + second * 1000).toISOString(),
      });
      const [made] = await enqueue(db, [{ max_attempts: 2 }], at(0));
      const first = await claim(db, worker, 10, at(0));
      await finish(
        db,
        worker,
        first,
        { outcome: "retry", delay_ms: 5_000, error: { code: "busy", message: "Busy" } },
        at(1),
      );
      assertEquals(await claim(db, worker, 10, at(5)), []);
      const second = await claim(db, worker, 10, at(6));
      assertEquals(second.map(({ job, attempt }) => [job, attempt]), [[made!.id, 2]]);
      const error = { code: "busy", message: "Still busy" };
      await finish(db, worker, second, { outcome: "retry", delay_ms: 5_000, error }, at(7));
      assertEquals(await leftovers(db), NOTHING);
      assertEquals(await history(db, made!.id), {
        status: "dead",
        attempts: 2,
        result: null,
        error,
        replayed_as: null,
      });
    },
    "goes to another worker when its own is lost, and is given up in the end": async (db) => {
      const [made] = await enqueue(db, [{ max_attempts: 2 }]);
      for (const attempt of [1, 2]) {
        const worker = newWorker();
        const jobs = await claim(db, worker);
        assertEquals(jobs.map((job) => job.attempt), [attempt]);
        await lapse(db, worker);
        await engineOf(db).tick();
        assertEquals(await finish(db, worker, jobs), [], "a stale result");
      }
      assertEquals((await history(db, made!.id))?.["error"], {
        code: "worker_lost",
        message: "The worker was lost each time it ran the job",
      });
      assertEquals(await leftovers(db), NOTHING);
    },
    "comes back uncounted from a worker that gives it back": async (db) => {
      const worker = newWorker();
      await enqueue(db, [{}]);
      await claim(db, worker);
      assertEquals(await engineOf(db).releaseWorker(worker), { freed: 1, more: true });
      assertEquals((await claim(db, newWorker())).map(({ attempt }) => attempt), [1]);
      await clean(db);
    },
    "gives way to a newer job with its unique key when it comes back": async (db) => {
      const worker = newWorker();
      const job = { organization_id: org(), unique_key: "k" };
      await enqueue(db, [{ ...job, payload: "old" }]);
      const jobs = await claim(db, worker);
      await enqueue(db, [{ ...job, payload: "new" }]);
      await finish(db, worker, jobs, { outcome: "retry", delay_ms: 0, error: { code: "x", message: "x" } });
      const rows = await db.sql`select payload, unique_key from public.job_queue order by payload`;
      assertEquals(rows.map((row) => [row.payload, row.unique_key]), [["new", "k"], ["old", null]]);
      await clean(db);
    },
    "ends unbegun when it has expired": async (db) => {
      const at = (second: number) => ({
        now: new Date(Date.parse("2026-01-01T00:00:00Z") + second * 1000).toISOString(),
      });
      const made = await enqueue(db, [{ expires_in_seconds: 10 }, { expires_in_seconds: 100 }], at(0));
      assertEquals((await claim(db, newWorker(), 10, at(11))).map(({ job }) => job), [made[1]!.id]);
      assertEquals((await history(db, made[0]!.id))?.["status"], "expired");
      const [late] = await enqueue(db, [{ expires_in_seconds: 10 }], at(20));
      await service(db, "tick", {}, at(40));
      assertEquals((await history(db, late!.id))?.["status"], "expired");
      await clean(db);
    },
    "tells of its progress, and hears that it is to stop": async (db) => {
      const worker = newWorker();
      const [made] = await enqueue(db, [{}]);
      const jobs = await claim(db, worker);
      const report = (p_progress: Json) =>
        service<{ cancel: string[] }>(db, "report_jobs", { p_worker_id: worker, p_progress });
      assertEquals(await report([{ job: made!.id, progress: { done: 1 } }]), { cancel: [] });
      assertEquals(await report([{ job: crypto.randomUUID(), progress: 1 }]), { cancel: [] });
      await db.sql`update private.job_states set cancel_requested_at = now() where job_id = ${made!.id}`;
      assertEquals(await report([]), { cancel: [made!.id] });
      assertEquals(await finish(db, worker, jobs, { outcome: "cancelled" }), [made!.id]);
      assertEquals((await history(db, made!.id))?.["status"], "cancelled");
      assertEquals(await leftovers(db), NOTHING);
    },
  },
  "a job that was asked to stop": {
    "ends so when its worker would try again, gives it back or is lost": async (db) => {
      for (const way of ["retry", "release", "loss"]) {
        const worker = newWorker();
        const [made] = await enqueue(db, [{}]);
        const jobs = await claim(db, worker);
        await service(db, "report_jobs", { p_worker_id: worker, p_progress: [{ job: made!.id, progress: 1 }] });
        await db.sql`update private.job_states set cancel_requested_at = now() where job_id = ${made!.id}`;
        if (way === "retry") {
          await finish(db, worker, jobs, { outcome: "retry", delay_ms: 0, error: { code: "x", message: "x" } });
        } else if (way === "release") {
          await engineOf(db).releaseWorker(worker);
        } else {
          await lapse(db, worker);
          await engineOf(db).tick();
        }
        assertEquals((await history(db, made!.id))?.["status"], "cancelled", way);
        assertEquals(await leftovers(db), NOTHING, way);
      }
    },
  },
});
