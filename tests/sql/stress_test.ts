import { assert, assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { engineOf } from "./_engine.ts";
import { chanceOf, Ledger, SimulatedWorker } from "./_simulation.ts";
import { createFlow, createTenant, failureOf, parallel, rpc, type Tenant } from "./_world.ts";

const RUNS = 50;
const CONNECTIONS = 8;
const MILLISECONDS = 3_000;
const seed = Number(Deno.env.get("STRESS_SEED") ?? Math.floor(Math.random() * 2 ** 31));

Deno.test(`the engine keeps its promises under ${CONNECTIONS} wild workers (STRESS_SEED=${seed})`, () =>
  withDatabase(async (db) => {
    const tenants = await parallel(5, () => createTenant(db));
    const runs = new Map<string, Tenant>();
    for (const tenant of tenants) {
      const flow = await createFlow(db, tenant);
      const rows = await db.sql<{ id: string }[]>`
        select (private.create_run(f, 'manual', '{}')).id from public.flows f, generate_series(1, ${RUNS / 5})
        where f.id = ${flow}`;
      for (const { id } of rows) runs.set(id, tenant);
    }
    const ledger = new Ledger();
    const until = performance.now() + MILLISECONDS;
    await parallel(CONNECTIONS, (index) => runWild(db, index, runs, ledger, until));
    console.log(`seed ${seed}:`, JSON.stringify(ledger.counts));
    assertEquals(ledger.faults, []);
    await checkInvariants(db);
    await runToTheEnd(db, ledger);
    assertEquals(ledger.faults, []);
    await checkInvariants(db);
    await checkEnds(db, ledger);
  }, { connections: CONNECTIONS }));

/** Does something at random, again and again; a failure that is no plain refusal is a fault. */
async function runWild(
  db: TestDatabase,
  index: number,
  runs: Map<string, Tenant>,
  ledger: Ledger,
  until: number,
): Promise<void> {
  const chance = chanceOf(seed + index);
  const ids = [...runs.keys()];
  const worker = new SimulatedWorker(engineOf(db), chance, ledger);
  while (performance.now() < until) {
    const dice = chance();
    try {
      if (dice < 0.004) {
        const run = ids[Math.floor(chance() * ids.length)]!;
        const cancel = rpc(db, runs.get(run)!.user, "cancel_run", { p_run_id: run });
        const refused = await cancel.then(() => null, (error) => failureOf(Promise.reject(error)));
        if (refused !== null && refused.code !== "run_finished") ledger.faults.push(`cancel: ${refused.code}`);
        ledger.count("cancel");
      } else if (dice < 0.03) {
        await worker.release();
      } else if (dice < 0.05) {
        await db.sql`update private.workers set expires_at = now() - interval '1 second' where id = ${worker.id}`;
        if (chance() < 0.5) worker.die();
      } else if (dice < 0.1) {
        await engineOf(db).tick();
        ledger.count("tick");
      } else if (dice < 0.25 || !worker.busy) {
        await worker.claim();
      } else {
        await worker.settle();
      }
    } catch (error) {
      ledger.faults.push(String(error));
    }
  }
}

/** Lets every lease lapse, then does what is left in good order. */
async function runToTheEnd(db: TestDatabase, ledger: Ledger): Promise<void> {
  await db.sql`update private.workers set expires_at = now() - interval '1 second'`;
  await engineOf(db).tick();
  const worker = new SimulatedWorker(engineOf(db), chanceOf(seed), ledger);
  for (let round = 0; round < 10_000; round++) {
    if (worker.busy) await worker.settle(true);
    else {
      await worker.claim();
      if (!worker.busy) return;
    }
  }
}

async function checkInvariants(db: TestDatabase): Promise<void> {
  const broken = await db.sql`
    select 'a token of an ended or missing run' as what, j.run_id as run from public.job_queue j
      left join public.runs r on r.id = j.run_id where r.id is null or r.finished_at is not null
    union all
    select 'a join of an ended or missing run', g.run_id from private.run_joins g
      left join public.runs r on r.id = g.run_id where r.id is null or r.finished_at is not null
    union all
    select 'a run that stands still without a token', r.id from public.runs r
      where r.finished_at is null and not exists (select from public.job_queue j where j.run_id = r.id)
    union all
    select 'a queued run with steps', r.id from public.runs r
      where r.status = 'queued' and exists (select from public.run_steps s where s.run_id = r.id)
    union all
    select 'a step after the end', s.run_id from public.run_steps s join public.runs r on r.id = s.run_id
      where s.finished_at > r.finished_at + interval '1 second'`;
  assertEquals(broken.map((row) => ({ ...row })), []);
}

async function checkEnds(db: TestDatabase, ledger: Ledger): Promise<void> {
  const rows = await db.sql`
    select status, error ->> 'code' as code, count(*)::int as runs from public.runs group by 1, 2 order by 1, 2`;
  assertEquals(rows.reduce((sum, row) => sum + row.runs, 0), RUNS);
  for (const { status, code } of rows) {
    assert(["completed", "failed", "cancelled"].includes(status), status);
    assert(code === null || code === "http_error" || code === "worker_lost", `a run failed with ${code}`);
  }
  const steps = await db.sql`select run_id || ' ' || node_id as key from public.run_steps`;
  const recorded = new Set(steps.map((row) => row.key));
  assertEquals(recorded.size, steps.length);
  assertEquals([...ledger.steps].filter((key) => !recorded.has(key)), [], "a settled step is not recorded");
  assertEquals([...recorded].filter((key) => !ledger.steps.has(key)), [], "a step is recorded that was not settled");
}
