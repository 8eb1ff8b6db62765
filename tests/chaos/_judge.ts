/**
 * Judges what a scenario has left: runs, effects, writes, places.
 *
 * @module
 */
import { pause } from "./_platform.ts";
import { acceptedWrites } from "./_audit.ts";
import { JOB_TYPE, jobKey } from "./_jobs.ts";
import { type Proof, RESUME_WITHIN_MS } from "./_proof.ts";
import type { World } from "./_world.ts";

/** Longest time that a worker's process may live on when there is nothing to do, milliseconds. */
const QUIET_MS = 60_000;

/** What a scenario says itself. */
export type Injected = Pick<Proof, "scenario" | "injected" | "resumedMs"> & { faults?: string[] };

/** Judges a world in which every run has ended. */
export async function judge(world: World, said: Injected): Promise<Proof> {
  const { db, acknowledged, platform, decided, work } = world;
  const faults = [...said.faults ?? []];
  if (!await platform.quiet(QUIET_MS)) faults.push(`${platform.living.size} workers do not end by themselves`);
  faults.push(...platform.broken);
  if ((said.resumedMs ?? 0) > RESUME_WITHIN_MS) faults.push(`Work lay idle for ${said.resumedMs} ms`);

  const runs = await db.sql<
    { id: string; status: string; error: unknown }[]
  >`select id, status, error from public.runs`;
  const known = new Set(runs.map(({ id }) => id));
  for (const id of acknowledged) if (!known.has(id)) faults.push(`The run ${id} was confirmed and is not there`);
  for (const { id, status, error } of runs) {
    if (status !== "completed") faults.push(`The run ${id} has ${status}: ${JSON.stringify(error)}`);
  }
  faults.push(...await wrongSteps(world));

  const counts = await world.counts();
  const past = await db.sql<{ id: string; status: string; error: unknown }[]>`
    select id, status, error from public.job_history where type = ${JOB_TYPE}`;
  const pastIds = new Set(past.map(({ id }) => id));
  for (const id of world.jobs) if (!pastIds.has(id)) faults.push(`The job ${id} was confirmed and is not there`);
  for (const { id, status, error } of past) {
    if (status !== "completed") faults.push(`The job ${id} is ${status}: ${JSON.stringify(error)}`);
    if (!counts.has(jobKey(id))) faults.push(`${jobKey(id)} has not happened`);
  }
  const expected = new Set([...runs.flatMap(({ id }) => work.keys(id)), ...past.map(({ id }) => jobKey(id))]);
  for (const key of counts.keys()) if (!expected.has(key)) faults.push(`An effect that nobody asked for: ${key}`);
  let letters = 0;
  for (const { id } of runs) {
    const letter = work.once(id);
    for (const key of work.keys(id)) {
      const times = counts.get(key) ?? 0;
      if (key === letter) letters += times;
      if (times > 1 && key === letter) faults.push(`${key} may happen once only and happened ${times} times`);
      if (times === 0 && !(key === letter && decided.has(id))) faults.push(`${key} has not happened`);
    }
  }

  const { accepted, stale } = await acceptedWrites(db);
  for (const what of stale) faults.push(`A stale write was accepted: ${what}`);
  faults.push(...(await leaks(world)).map((what) => `Left over: ${what}`));
  return {
    scenario: said.scenario,
    injected: said.injected,
    acknowledged: acknowledged.length,
    jobs: world.jobs.length,
    effects: counts.size,
    deliveredAgain: [...counts.values()].reduce((sum, times) => sum + times - 1, 0),
    atMostOnce: letters,
    decided: decided.size,
    accepted,
    stale: stale.length,
    resumedMs: said.resumedMs,
    faults,
  };
}

/** Steps that are missing or there twice. */
async function wrongSteps({ db, work }: World): Promise<string[]> {
  const rows = await db.sql<{ run_id: string; steps: string[] }[]>`
    select r.id as run_id, coalesce(array_agg(
      s.node_id || case when s.scope = '' then '' else '@' || s.scope end
    ) filter (where s.status = 'completed'), '{}') as steps
    from public.runs r left join public.run_steps s on s.run_id = r.id
    group by r.id`;
  const wanted = work.steps.toSorted().join();
  return rows.filter(({ steps }) => steps.toSorted().join() !== wanted)
    .map(({ run_id, steps }) => `The run ${run_id} has the steps ${steps.toSorted().join()}`);
}

/** Rows that must be gone when nothing runs and nothing waits, with the column that says whose they are. */
const GONE = {
  "public.job_queue": "id",
  "private.run_joins": "run_id",
  "private.run_regions": "run_id",
  "private.run_slots": "run_id",
  "private.run_signals": "run_id",
  "private.run_cancellations": "run_id",
  "private.workers": "id",
  "private.job_leases": "id",
  "private.job_slots": "job_id",
  "private.job_states": "job_id",
} as const;

/** Longest time until what a killed worker left is swept: its lease, and a tick. */
const SWEEP_MS = 60_000;

/** What is left although everything has ended, and the lease of whoever was killed last too. */
async function leaks(world: World): Promise<string[]> {
  const until = performance.now() + SWEEP_MS;
  for (;;) {
    const found = await leftOver(world);
    if (found.length === 0 || performance.now() >= until) return found;
    await pause(500);
  }
}

async function leftOver({ db }: World): Promise<string[]> {
  const found: string[] = [];
  for (const [table, column] of Object.entries(GONE)) {
    const [there] = await db.sql`select to_regclass(${table}) is not null as is_there`;
    if (!there?.is_there) continue;
    const rows = await db.sql.unsafe(`select ${column}::text as whose from ${table} limit 5`);
    if (rows.length > 0) found.push(`${table} ${rows.map(({ whose }) => whose).join(", ")}`);
  }
  return found;
}
