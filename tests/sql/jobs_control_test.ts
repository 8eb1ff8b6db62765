/** Jobs are listed, looked at, cancelled, retried and brought forward; dead letters are replayed and discarded. */
import type { Json } from "../../shared/graph/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import type { TestDatabase } from "../helpers/postgres.ts";
import { ended, enqueue, finish, hold, type JobRow, look } from "./_job_control.ts";
import { interleave } from "./_interleave.ts";
import { claimedJobs } from "./_jobs.ts";
import { scenarios } from "./_scenarios.ts";
import {
  addMember,
  assertFails,
  createFlow,
  createTenant,
  failureOf,
  parallel,
  rpc,
  service,
  startRun,
  type Tenant,
  unusedId,
} from "./_world.ts";

const list = (db: TestDatabase, tenant: Tenant, filter: { [key: string]: Json } = {}, rest = {}) =>
  rpc<JobRow[]>(db, tenant.user, "list_jobs", { p_organization_id: tenant.organizationId, p_filter: filter, ...rest });
const act = (db: TestDatabase, tenant: Tenant, name: string, id: string) =>
  rpc<JobRow>(db, tenant.user, name, { p_job_id: id });

scenarios("jobs under control", {
  "read": {
    "a job has one shape in the queue, with a worker and when it has ended": async (db) => {
      const tenant = await createTenant(db);
      const id = await enqueue(db, tenant, { priority: 7, max_attempts: 3, unique_key: "u" });
      const queued = await act(db, tenant, "get_job", id);
      assertEquals(
        [queued.status, queued.payload, queued.priority, queued.attempts, queued.max_attempts, queued.unique_key],
        ["queued", { n: 1 }, 7, 0, 3, "u"],
      );
      assertEquals([queued.started_at, queued.completed_at, queued.error], [null, null, null]);
      const held = await hold(db, id);
      await service(db, "report_jobs", {
        p_worker_id: held.worker,
        p_progress: [{ job: id, progress: { percent: 40 } }],
      });
      const running = await act(db, tenant, "get_job", id);
      assertEquals([running.status, running.attempts, running.progress, running.worker_id], [
        "running",
        1,
        { percent: 40 },
        held.worker,
      ]);
      await finish(db, held, "completed", { result: { sent: 2 } });
      const completed = await act(db, tenant, "get_job", id);
      assertEquals([completed.status, completed.result, completed.attempts], ["completed", { sent: 2 }, 1]);
      assert(completed.completed_at !== null && completed.started_at !== null);
      assertEquals(Object.keys(completed).toSorted(), Object.keys(queued).toSorted());
      assertEquals(completed.created_at, queued.created_at);
    },
    "states tell why a job does not run": async (db) => {
      const tenant = await createTenant(db);
      const delayed = await enqueue(db, tenant, { delay_seconds: 3600 });
      const soon = await enqueue(db, tenant, { delay_seconds: 20 });
      const [first, second] = [
        await enqueue(db, tenant, { concurrency_key: "one" }),
        await enqueue(db, tenant, { concurrency_key: "one" }),
      ];
      await hold(db, first);
      const failed = await ended(db, tenant, "retry");
      const expired = await enqueue(db, tenant, { delay_seconds: 5, expires_in_seconds: 1 });
      await db.sql`update public.job_queue set expires_at = now() - interval '1 second' where id = ${expired}`;
      await service(db, "tick");
      const states = Object.fromEntries((await list(db, tenant)).map(({ id, status }) => [id, status]));
      assertEquals(states, {
        [delayed]: "delayed",
        [soon]: "delayed",
        [first]: "running",
        [second]: "blocked",
        [failed]: "queued",
        [expired]: "expired",
      });
    },
    "lists are of one organization, in pages, newest or oldest first, by state, type, code and time": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      await enqueue(db, other);
      await enqueue(db, null);
      const dead = await ended(db, tenant, "failed", { type: "test.mail" });
      const done = await ended(db, tenant, "completed");
      const held = await enqueue(db, tenant);
      await hold(db, held);
      const waits = await enqueue(db, tenant, { delay_seconds: 600 });
      const ids = async (filter = {}, rest = {}) => (await list(db, tenant, filter, rest)).map(({ id }) => id);
      assertEquals(await ids(), [waits, held, done, dead]);
      assertEquals(await ids({}, { p_ascending: true, p_limit: 2 }), [dead, done]);
      assertEquals(await ids({}, { p_after: held }), [done, dead]);
      assertEquals(await ids({}, { p_after: done, p_ascending: true }), [held, waits]);
      assertEquals(await ids({ status: ["dead", "running"] }), [held, dead]);
      assertEquals(await ids({ type: ["test.mail"] }), [dead]);
      assertEquals([await ids({ code: "mail_refused" }), await ids({ code: "other" })], [[dead], []]);
      assertEquals(await ids({ open: true }), [dead]);
      const { created_at } = await look(db, held);
      const [from, to] = [await ids({ created_after: created_at }), await ids({ created_before: created_at })];
      assertEquals([from.includes(waits), from.includes(dead), to.includes(dead), to.includes(waits)], [
        true,
        false,
        true,
        false,
      ]);
      const [row] = await list(db, tenant, { status: ["completed"] });
      assert(row !== undefined && !("payload" in row) && !("result" in row));
    },
    "steps of runs are listed only when asked for": async (db) => {
      const tenant = await createTenant(db);
      const run = await startRun(db, tenant, await createFlow(db, tenant));
      assertEquals(await list(db, tenant), []);
      const [step] = await list(db, tenant, { steps: true });
      assertEquals([step?.type, step?.status], ["flow.step", "queued"]);
      assertEquals((await act(db, tenant, "get_job", step!.id) as unknown as { run_id: string }).run_id, run);
    },
    "operators see all organizations and the platform": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const ids = [await enqueue(db, tenant), await enqueue(db, other), await enqueue(db, null)];
      const all = await service<JobRow[]>(db, "list_jobs", {});
      assertEquals(all.map(({ id }) => id).filter((id) => ids.includes(id)).toSorted(), ids.toSorted());
      const own = await service<JobRow[]>(db, "list_jobs", { p_organization_id: other.organizationId });
      assertEquals(own.map(({ id }) => id), [ids[1]!]);
      assertEquals((await look(db, ids[2]!)).organization_id, "00000000-0000-0000-0000-000000000000");
    },
    "what is of others, or of the platform, is as good as missing": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const guest = await addMember(db, tenant.organizationId, "guest");
      const viewer = await addMember(db, tenant.organizationId, "viewer");
      const id = await enqueue(db, tenant);
      for (const missing of [unusedId(), await enqueue(db, other), await enqueue(db, null)]) {
        for (const name of ["get_job", "cancel_job", "retry_job", "run_job_now", "discard_dead_letter"]) {
          await assertFails(rpc(db, tenant.user, name, { p_job_id: missing }), "not_found", 404);
        }
      }
      await assertFails(rpc(db, guest, "get_job", { p_job_id: id }), "forbidden", 403);
      await assertFails(rpc(db, viewer, "cancel_job", { p_job_id: id }), "forbidden", 403);
      assertEquals((await rpc<JobRow>(db, viewer, "get_job", { p_job_id: id })).id, id);
      for (const name of ["get_job", "cancel_job", "retry_job", "run_job_now", "discard_dead_letter"]) {
        await assertFails(service(db, name, { p_job_id: unusedId() }), "not_found", 404);
      }
    },
    "filters that are none, say so": async (db) => {
      const tenant = await createTenant(db);
      const bad: { [key: string]: Json }[] = [
        { status: "dead" },
        { nothing: [1] },
        { created_after: "some day" },
        { created_before: "-infinity" },
        { code: ["x"] },
      ];
      for (const filter of bad) await assertFails(list(db, tenant, filter), "invalid_request", 400);
      for (const p_limit of [0, 1001]) await assertFails(list(db, tenant, {}, { p_limit }), "invalid_request", 400);
      // Values are values, whatever they hold.
      assertEquals(await list(db, tenant, { code: "x' or true --", type: ["');drop table public.job_queue--"] }), []);
    },
  },
  "cancelled": {
    "one that has not begun is gone at once, into the history; again is the same": async (db) => {
      const tenant = await createTenant(db);
      const id = await enqueue(db, tenant, { delay_seconds: 600 });
      const cancelled = await act(db, tenant, "cancel_job", id);
      assertEquals([cancelled.status, cancelled.payload, cancelled.attempts], ["cancelled", { n: 1 }, 0]);
      assertEquals((await db.sql`select 1 from public.job_queue where id = ${id}`).length, 0);
      assertEquals((await act(db, tenant, "cancel_job", id)).completed_at, cancelled.completed_at);
    },
    "one that a worker has is asked to stop, and its worker hears of it": async (db) => {
      const tenant = await createTenant(db);
      const id = await enqueue(db, tenant);
      const held = await hold(db, id);
      const asked = await act(db, tenant, "cancel_job", id);
      assertEquals(asked.status, "running");
      assert(asked.cancel_requested_at !== null);
      assertEquals((await act(db, tenant, "cancel_job", id)).cancel_requested_at, asked.cancel_requested_at);
      assertEquals(await service<Json>(db, "report_jobs", { p_worker_id: held.worker }), { cancel: [id] });
      await finish(db, held, "cancelled");
      assertEquals((await act(db, tenant, "cancel_job", id)).status, "cancelled");
      assertEquals((await db.sql`select 1 from private.job_states where job_id = ${id}`).length, 0);
    },
    "what has ended otherwise, and steps of runs, refuse": async (db) => {
      const tenant = await createTenant(db);
      for (const outcome of ["completed", "failed"]) {
        await assertFails(act(db, tenant, "cancel_job", await ended(db, tenant, outcome)), "conflict", 409);
      }
      await startRun(db, tenant, await createFlow(db, tenant));
      const [step] = await list(db, tenant, { steps: true, type: ["flow.step"] });
      for (const name of ["cancel_job", "run_job_now", "retry_job"]) {
        await assertFails(act(db, tenant, name, step!.id), "conflict", 409);
      }
    },
    "while a worker claims it: the worker has it, and is asked": (db) =>
      interleave(db, async (stage) => {
        const tenant = await createTenant(db);
        const id = await enqueue(db, tenant);
        const [worker, person] = [await stage.session("worker"), await stage.session("person")];
        const claimed = claimedJobs(
          await worker.service("claim_jobs", { p_worker_id: unusedId(), p_limit: 100, p_listens: false }),
        );
        assert(claimed.some(({ job }) => job === id));
        const cancelling = await stage.untilBlocked(
          person,
          () => person.rpc<JobRow>(tenant.user, "cancel_job", { p_job_id: id }),
        );
        await worker.commit();
        const job = await cancelling.result;
        assertEquals([job.status, job.cancel_requested_at !== null], ["running", true]);
        await person.commit();
      }),
  },
  "retried": {
    "a dead letter becomes a new job, once, and both say so": async (db) => {
      const tenant = await createTenant(db);
      const dead = await ended(db, tenant, "failed", {
        priority: 3,
        max_attempts: 2,
        unique_key: "u",
        concurrency_key: "c",
      });
      const again = await act(db, tenant, "retry_job", dead);
      assertEquals(
        [again.status, again.replay_of, again.type, again.payload, again.priority, again.attempts, again.max_attempts],
        ["queued", dead, "test.work", { n: 1 }, 3, 0, 2],
      );
      assertEquals([again.unique_key, again.concurrency_key], ["u", "c"]);
      assertEquals((await look(db, dead)).replayed_as, again.id);
      const failure = await failureOf(act(db, tenant, "retry_job", dead));
      assertEquals([failure.code, failure.status], ["conflict", 409]);
      // The new one keeps knowing, wherever it is.
      const held = await hold(db, again.id);
      assertEquals((await look(db, again.id)).replay_of, dead);
      await finish(db, held, "completed");
      assertEquals((await look(db, again.id)).replay_of, dead);
    },
    "cancelled and expired ones too; what completed or has not ended refuses": async (db) => {
      const tenant = await createTenant(db);
      const cancelled = await enqueue(db, tenant);
      await act(db, tenant, "cancel_job", cancelled);
      assertEquals((await act(db, tenant, "retry_job", cancelled)).replay_of, cancelled);
      await assertFails(act(db, tenant, "retry_job", await ended(db, tenant, "completed")), "conflict", 409);
      await assertFails(act(db, tenant, "retry_job", await enqueue(db, tenant)), "conflict", 409);
    },
    "not beside another one with its unique key": async (db) => {
      const tenant = await createTenant(db);
      const dead = await ended(db, tenant, "failed", { unique_key: "same" });
      await enqueue(db, tenant, { unique_key: "same" });
      await assertFails(act(db, tenant, "retry_job", dead), "conflict", 409);
      assertEquals((await look(db, dead)).replayed_as, null);
    },
    "by several at once: one of them does": async (db) => {
      const tenant = await createTenant(db);
      const dead = await ended(db, tenant, "failed");
      const outcomes = await parallel(5, () => act(db, tenant, "retry_job", dead).then(() => "ok", () => "no"));
      assertEquals(outcomes.toSorted(), ["no", "no", "no", "no", "ok"]);
      assertEquals((await list(db, tenant, { status: ["queued"] })).length, 1);
    },
  },
  "dead letters": {
    "are counted, then replayed, so many at a time; what is left is said": async (db) => {
      const [tenant, other] = [await createTenant(db), await createTenant(db)];
      const dead: string[] = [];
      for (let n = 0; n < 5; n++) {
        dead.push(await ended(db, tenant, "failed", { type: n < 4 ? "test.mail" : "test.work" }));
      }
      const foreign = await ended(db, other, "failed", { type: "test.mail" });
      const replay = (args = {}) =>
        rpc<Json>(db, tenant.user, "replay_dead_letters", {
          p_organization_id: tenant.organizationId,
          p_filter: { type: ["test.mail"] },
          ...args,
        });
      assertEquals(await replay({ p_dry_run: true }), { replayed: 0, refused: 0, left: 4, dry_run: true });
      assertEquals(await replay({ p_limit: 3 }), { replayed: 3, refused: 0, left: 1, dry_run: false });
      const queued = await list(db, tenant, { status: ["queued"] }, { p_ascending: true });
      assertEquals(queued.map(({ replay_of }) => replay_of).toSorted(), dead.slice(0, 3).toSorted());
      assertEquals(await replay(), { replayed: 1, refused: 0, left: 0, dry_run: false });
      assertEquals(await replay(), { replayed: 0, refused: 0, left: 0, dry_run: false });
      assertEquals([(await look(db, foreign)).replayed_as, (await look(db, dead[4]!)).replayed_as], [null, null]);
      const everywhere = await service<{ left: number }>(db, "replay_dead_letters", {
        p_filter: { type: ["test.mail"] },
      });
      assertEquals([everywhere.left, (await look(db, foreign)).replayed_as !== null], [0, true]);
    },
    "whose unique key is taken stay, and are counted as refused": async (db) => {
      const tenant = await createTenant(db);
      const stays = await ended(db, tenant, "failed", { unique_key: "same" });
      const goes = await ended(db, tenant, "failed", { unique_key: "other" });
      await enqueue(db, tenant, { unique_key: "same" });
      const reply = await rpc<Json>(db, tenant.user, "replay_dead_letters", {
        p_organization_id: tenant.organizationId,
      });
      assertEquals(reply, { replayed: 1, refused: 1, left: 1, dry_run: false });
      assertEquals((await look(db, stays)).replayed_as, null);
      assert((await look(db, goes)).replayed_as !== null);
    },
    "are discarded, one or many": async (db) => {
      const tenant = await createTenant(db);
      const [one, done] = [await ended(db, tenant, "failed"), await ended(db, tenant, "completed")];
      for (let n = 0; n < 3; n++) await ended(db, tenant, "failed");
      await rpc(db, tenant.user, "discard_dead_letter", { p_job_id: one });
      await assertFails(look(db, one), "not_found", 404);
      for (const id of [one, done]) {
        await assertFails(rpc(db, tenant.user, "discard_dead_letter", { p_job_id: id }), "not_found", 404);
      }
      const discard = (args = {}) =>
        rpc<Json>(db, tenant.user, "discard_dead_letters", { p_organization_id: tenant.organizationId, ...args });
      assertEquals(await discard({ p_dry_run: true }), { discarded: 0, left: 3, dry_run: true });
      assertEquals(await discard({ p_limit: 2 }), { discarded: 2, left: 1, dry_run: false });
      await assertFails(discard({ p_limit: 0 }), "invalid_request", 400);
      await assertFails(discard({ p_filter: { status: ["completed"] } }), "invalid_request", 400);
      await assertFails(discard({ p_filter: [] }), "invalid_request", 400);
    },
  },
  "brought forward": {
    "a delayed job and one that waits for its next attempt are due at once": async (db) => {
      const tenant = await createTenant(db);
      const delayed = await enqueue(db, tenant, { delay_seconds: 86_400 });
      assertEquals((await act(db, tenant, "run_job_now", delayed)).status, "queued");
      const held = await hold(db, delayed);
      await finish(db, held, "retry", { delay_ms: 3_600_000, error: { code: "x", message: "Later" } });
      const [before, after] = [await look(db, delayed), await act(db, tenant, "run_job_now", delayed)];
      assertEquals([before.status, before.error_message, after.status], ["delayed", "Later", "queued"]);
      const again = await act(db, tenant, "run_job_now", delayed);
      assertEquals(again.scheduled_for, after.scheduled_for);
      await hold(db, delayed);
      await assertFails(act(db, tenant, "run_job_now", delayed), "conflict", 409);
    },
    "not past the limit of its concurrency key": async (db) => {
      const tenant = await createTenant(db);
      const [first, second] = [
        await enqueue(db, tenant, { concurrency_key: "k" }),
        await enqueue(db, tenant, { concurrency_key: "k" }),
      ];
      await hold(db, first);
      await assertFails(act(db, tenant, "run_job_now", second), "conflict", 409);
    },
  },
});
