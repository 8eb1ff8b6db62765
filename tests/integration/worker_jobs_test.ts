/**
 * Jobs from the queue to their end: a worker over direct connections on a real Postgres.
 *
 * @module
 */
import { z } from "zod";
import { EngineClient, postgresTransport, type Worker, type WorkerOptions } from "../../shared/engine/mod.ts";
import type { Env } from "../../shared/env/mod.ts";
import {
  createJobRunner,
  defineJob,
  type JobContext,
  JobError,
  JobRegistry,
  NonRetryable,
} from "../../shared/jobs/mod.ts";
import { createLog } from "../../shared/log/mod.ts";
import { assert, assertEquals, assertRejects } from "../helpers/assert.ts";
import { createFlow, createTenant, createWorker, localProviders, readRun, startRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { until } from "../helpers/until.ts";

const LOG = createLog("jobs");

/** What the payload of a test's job says that it does. */
type Act = (payload: { n: number; act: string }, context: JobContext) => unknown;

function workerOf(client: EngineClient, act: Act = () => null, options: Partial<WorkerOptions> = {}): Worker {
  const job = defineJob({
    type: "test.job",
    summary: "A test.",
    payload: z.object({ n: z.int().default(0), act: z.string().default("") }),
    retry: { minMs: 10 },
    run: act,
  });
  const registry = new JobRegistry([["test.job", () => Promise.resolve(job)]]);
  const jobs = createJobRunner({ env: {} as Env, providers: localProviders(), log: LOG, registry });
  return createWorker(client, { jobs, ...options });
}

async function withClient(work: (db: TestDatabase, client: EngineClient) => Promise<void>): Promise<void> {
  await withDatabase(async (db) => {
    const client = new EngineClient(await postgresTransport(db.url, { connections: 3 }));
    try {
      await work(db, client);
    } finally {
      await client.close();
    }
  });
}

async function historyOf(db: TestDatabase): Promise<Record<string, Record<string, unknown>>> {
  const rows = await db.sql`
    select id, status, attempts, result, error ->> 'code' as code from public.job_history`;
  return Object.fromEntries(rows.map(({ id, ...row }) => [id, { ...row }]));
}

async function left(db: TestDatabase): Promise<Record<string, number>> {
  const [row] = await db.sql`
    select (select count(*)::int from public.job_queue) as queue, (select count(*)::int from private.job_leases) as leases,
      (select count(*)::int from private.job_states) as states, (select count(*)::int from private.workers) as workers`;
  return { ...row } as Record<string, number>;
}

const NOTHING = { queue: 0, leases: 0, states: 0, workers: 0 };

Deno.test("jobs and steps of runs come with the same claim and end with their results", () =>
  withClient(async (db, client) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant, draw({ t: ["trigger.manual"], a: set({ n: 1 }) }, "t>a"));
    const run = await startRun(db, tenant, flow);
    const enqueued = await client.enqueueJobs(
      [1, 2, 3].map((n) => ({ type: "test.job", organization_id: tenant.organizationId, payload: { n } })),
    );
    assertEquals(enqueued.map(({ status }) => status), ["enqueued", "enqueued", "enqueued"]);
    const seen: (string | null)[] = [];
    const report = await workerOf(client, ({ n }, { organizationId }) => {
      seen.push(organizationId);
      return { twice: n * 2 };
    }).drain({ idleMs: 0, pollMs: 10 });
    assertEquals([report.jobs, report.lost, report.settled], [3, 0, 1]);
    assertEquals((await readRun(db, run)).run.status, "completed");
    const history = await historyOf(db);
    assertEquals(enqueued.map(({ id }) => history[id]?.result), [{ twice: 2 }, { twice: 4 }, { twice: 6 }]);
    assertEquals(new Set(seen), new Set([tenant.organizationId]));
    assertEquals(await left(db), NOTHING);
  }));

Deno.test("a job without arguments gets an empty object, and what is no job is refused with its problem", () =>
  withClient(async (db, client) => {
    const [job] = await client.enqueueJobs([{ type: "test.job" }]);
    await workerOf(client, (payload) => ({ ...payload })).drain({ idleMs: 0, pollMs: 10 });
    assertEquals((await historyOf(db))[job?.id ?? ""]?.result, { n: 0, act: "" });
    await assertRejects(() => client.enqueueJobs([]), Error);
  }));

Deno.test("failures are tried again, dead letters say why, and unknown types and payloads are among them", () =>
  withClient(async (db, client) => {
    const acts = ["once", "never", "always"].map((act) => ({ type: "test.job", payload: { act }, max_attempts: 3 }));
    const jobs = await client.enqueueJobs([...acts, { type: "no.such" }, { type: "test.job", payload: { n: "x" } }]);
    await workerOf(client, ({ act }, { attempt }) => {
      if (act === "never") throw new NonRetryable("It can not be", { code: "impossible" });
      if (act === "always" || attempt === 1) throw new JobError("Not yet", { code: "not_yet" });
      return attempt;
    }).drain({ idleMs: 500, pollMs: 10 });
    const history = await historyOf(db);
    assertEquals(jobs.map(({ id }) => history[id]), [
      { status: "completed", attempts: 2, result: 2, code: null },
      { status: "dead", attempts: 1, result: null, code: "impossible" },
      { status: "dead", attempts: 3, result: null, code: "not_yet" },
      { status: "dead", attempts: 1, result: null, code: "unknown_job_type" },
      { status: "dead", attempts: 1, result: null, code: "invalid_payload" },
    ]);
    assertEquals(await left(db), NOTHING);
  }));

Deno.test("jobs that use up the CPU time of a worker are handed over, none lost, none counted twice", () =>
  withClient(async (db, client) => {
    const jobs = await client.enqueueJobs(
      Array.from({ length: 200 }, (_, n) => ({ type: "test.job", payload: { n } })),
    );
    const done: number[] = [];
    let workers = 0;
    for (let more = true; more && workers < 40; workers++) {
      const report = await workerOf(client, ({ n }) => {
        const end = performance.now() + 3;
        while (performance.now() < end);
        done.push(n);
      }).drain({ idleMs: 0, pollMs: 10, cpuBudgetMs: 120 });
      more = report.more;
    }
    const history = await historyOf(db);
    assert(workers >= 5 && workers < 40, `${workers} workers`);
    assert(jobs.every(({ id }) => history[id]?.attempts === 1 && history[id]?.status === "completed"));
    assertEquals(done.toSorted((a, b) => a - b), jobs.map((_, n) => n));
    assertEquals(await left(db), NOTHING);
  }));

Deno.test("a worker that goes gives back what does not end, and the attempt does not count", () =>
  withClient(async (db, client) => {
    const [quick, slow] = await client.enqueueJobs(
      ["quick", "slow"].map((act) => ({ type: "test.job", payload: { act } })),
    );
    const stop = new AbortController();
    let begun = 0;
    const act: Act = async ({ act }, { signal }) => {
      begun++;
      if (act === "slow") await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const drained = workerOf(client, act).drain({ idleMs: 5_000, pollMs: 10, signal: stop.signal });
    await until(async () => begun === 2 && (await historyOf(db))[quick?.id ?? ""] !== undefined);
    stop.abort();
    assertEquals((await drained).more, true);
    const [row] = await db.sql`select id, status, attempts from public.job_queue`;
    assertEquals({ ...row }, { id: slow?.id, status: "available", attempts: 0 });
  }));

Deno.test("a job that somebody asks to stop is told so, and what it says of itself can be read", () =>
  withClient(async (db, client) => {
    const [job] = await client.enqueueJobs([{ type: "test.job" }]);
    const drained = workerOf(client, async (_, { progress, signal }) => {
      progress({ done: 3, of: 10 });
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }, { reportMs: 20 }).drain({ idleMs: 0, pollMs: 10 });
    const state = async () => (await db.sql`select progress from private.job_states`)[0]?.progress;
    await until(async () => await state() !== undefined);
    assertEquals(await state(), { done: 3, of: 10 });
    await db.sql`update private.job_states set cancel_requested_at = now()`;
    await drained;
    assertEquals((await historyOf(db))[job?.id ?? ""]?.status, "cancelled");
    assertEquals(await left(db), NOTHING);
  }));

Deno.test("a job that was held back, because its service is down, has made no attempt", () =>
  withClient(async (db, client) => {
    await client.enqueueJobs([{ type: "test.job", max_attempts: 1 }]);
    const worker = crypto.randomUUID();
    for (const counted of [false, false, true]) {
      const { jobs: [job] } = await client.claim(worker, 1, { kind: "worker" });
      assertEquals(job?.attempt, 1);
      const { lease, job: id } = job!;
      await client.finishJobs(worker, [{ lease, job: id, outcome: "retry", counted, delay_ms: 0 }]);
    }
    const [row] = await db.sql`select status, attempts from public.job_history`;
    assertEquals({ ...row }, { status: "dead", attempts: 1 });
  }));

Deno.test("eight workers that listen hear of 1,000 jobs, and no claim is made for nothing but a few", () =>
  withDatabase(async (db) => {
    const made = new Map<string, number>();
    const waits: number[] = [];
    const stop = new AbortController();
    const clients = await Promise.all(
      Array.from({ length: 8 }, async () => new EngineClient(await postgresTransport(db.url, { connections: 2 }))),
    );
    const drained = clients.map((client) =>
      workerOf(client, (_, { jobId }) => {
        waits.push(performance.now() - (made.get(jobId) ?? Infinity));
      }).drain({ idleMs: 60_000, signal: stop.signal })
    );
    const listening = async () =>
      (await db.sql`select count(*)::int as n from private.workers where is_listening`)[0]?.n === 8;
    await until(listening);
    const producer = new EngineClient(await postgresTransport(db.url, { connections: 1 }));
    for (let n = 0; n < 1_000; n++) {
      const at = performance.now();
      const [job] = await producer.enqueueJobs([{ type: "test.job", payload: { n } }]);
      made.set(job?.id ?? "", at);
    }
    await until(() => waits.length === 1_000);
    // All of them rest again, and still hear.
    await until(listening);
    const [late] = await producer.enqueueJobs([{ type: "test.job" }]);
    made.set(late?.id ?? "", performance.now());
    await until(() => waits.length === 1_001);
    stop.abort();
    const reports = await Promise.all(drained);
    for (const client of [...clients, producer]) await client.close();
    const claims = reports.reduce((sum, report) => sum + report.claims, 0);
    const sorted = waits.filter(Number.isFinite).toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1);
    console.log(
      `claims ${claims}; wait p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} longest ${sorted.at(-1)?.toFixed(1)} ms`,
    );
    assert(claims < 3_000, `${claims} claims`);
    assertEquals(await left(db), NOTHING);
  }));

Deno.test("over what shares connections by the transaction a worker finds that it can not listen, and asks", () =>
  withDatabase(async (db) => {
    // What a transaction pooler does to LISTEN: it is taken, and forgotten with the transaction.
    const transport = await postgresTransport(db.url);
    const { listen: _, ...deaf } = transport;
    const client = new EngineClient({ ...deaf, listen: () => Promise.resolve(null) });
    const stop = new AbortController();
    let done = 0;
    const drained = workerOf(client, () => void done++).drain({ idleMs: 60_000, signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.enqueueJobs([{ type: "test.job" }]);
    await until(() => done === 1);
    const [row] = await db.sql`select count(*)::int as n from private.workers where is_listening`;
    assertEquals(row?.n, 0);
    stop.abort();
    await drained;
    await client.close();
  }));
