/**
 * The engine against a simple interpreter: random flows, with workers that fail in every way, give what they have to.
 *
 * `ENGINE_CASES` says how many flows (2,000 if it does not), `ENGINE_SEED` repeats one batch of them (`123`) or one flow
 * of a batch, many times at once (`123/7`). `ENGINE_PLACES` lets only so many runs of an organization go on at once (6 if it
 * does not say, `0` = as many as there are).
 *
 * @module
 */
import { compile } from "../../shared/graph/mod.ts";
import { configureLog } from "../../shared/log/mod.ts";
import { nodeCatalog } from "../../shared/nodes/mod.ts";
import { EngineClient, type EngineTransport, postgresTransport } from "../../shared/engine/mod.ts";
import type { EmailProvider } from "../../shared/providers/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { createTenant, type RunRow, type StepRow, type Tenant } from "../helpers/engine.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import { cancel, type Disturbed, drawDisturbance, pauseAndResume, sendEarly, serve } from "./_disturbers.ts";
import { behaving } from "./_email_service.ts";
import { Ambiguous, type Expected } from "./_expected.ts";
import { type Journal, needlessCalls, newJournal } from "./_journal.ts";
import { leftovers } from "./_play.ts";
import { type Random, randomOf } from "./_random.ts";
import { type RandomFlow, randomFlow } from "./_random_flow.ts";
import { interpret } from "./_reference_interpreter.ts";
import { judgeCalls, judgeRun, nameOf } from "./_run_judge.ts";
import { type Crew, type Faults, NO_FAULTS, pause, work } from "./_unreliable_workers.ts";

/** Flows that run at the same time. */
const BATCH = 25;

/** Batches that have found something. */
const REGRESSIONS = [100, 104, 1014, 1020, 1033, 1039, 1049, 1091, 1510738786, 3690181049];

/** Longest time of one batch, milliseconds: some seconds, but for a machine that stands still for a while. */
const BATCH_MS = 180_000;

/** What the runs were like: a test whose flows do nothing would pass too. */
const tally: Record<string, number> = { runs: 0, steps: 0, inBodies: 0, calls: 0, faults: 0, redrawn: 0 };

const FAULTS: Faults[] = [
  NO_FAULTS,
  { ...NO_FAULTS, lapses: true },
  { ...NO_FAULTS, vanishing: true },
  { ...NO_FAULTS, hiccups: true },
  { lapses: true, vanishing: true, hiccups: true },
];

/** One flow and its run. */
interface Case extends Disturbed {
  expected: Expected;
  /** For a retry: the steps that its predecessor has done; null = it is none. */
  takenOver: Set<string> | null;
  /** Once it has ended. */
  status: string;
  steps: (StepRow & { finished_at: Date })[];
}

Deno.test("every run of a random flow gives what a simple interpreter says, whatever its workers do", async () => {
  const broken: string[] = [];
  configureLog({
    level: "error",
    write: (line) => /settle_refused|node_fault/.test(line) && broken.push(line),
  });
  await withDatabase(async (db) => {
    const transport = await postgresTransport(db.url, { connections: 8 });
    try {
      for (const { seed, only } of batches()) {
        await playBatch(db, transport, seed, only);
        assertEquals(broken, [], `ENGINE_SEED=${seed}`);
      }
    } finally {
      await transport.close();
    }
  });
  console.log(JSON.stringify(tally));
});

function batches(): { seed: number; only?: number }[] {
  const [seed, only] = Deno.env.get("ENGINE_SEED")?.split("/").map(Number) ?? [];
  if (seed !== undefined) return [{ seed, ...(only !== undefined && { only }) }];
  const cases = Number(Deno.env.get("ENGINE_CASES") ?? 2000);
  const [first = 0] = crypto.getRandomValues(new Uint32Array(1));
  console.log(`ENGINE_SEED=${first} and the following`);
  const random = Array.from({ length: Math.ceil(cases / BATCH) }, (_, index) => first + index);
  return [...REGRESSIONS, ...random].map((seed) => ({ seed }));
}

async function playBatch(db: TestDatabase, transport: EngineTransport, seed: number, only?: number): Promise<void> {
  const random = randomOf(seed);
  const faults = FAULTS[seed % FAULTS.length] ?? NO_FAULTS;
  const cases = await drawCases(random, seed, faults, only);
  const [few, many] = [await createTenant(db), await createTenant(db)];
  await start(db, few, cases.filter((_, index) => index % 3 === 0));
  await start(db, many, cases.filter((_, index) => index % 3 !== 0));
  const play = { db, transport, random, faults };
  await playCases(play, cases, seed);
  // What did not complete is retried: what its steps gave is taken over, and the end is the same or one that fits too.
  await playCases(play, await retry(db, cases), seed);
}

/** Runs what was started to its end, and judges it. */
async function playCases(
  { db, transport, random, faults }: Pick<Crew, "db" | "transport" | "random" | "faults">,
  cases: Case[],
  seed: number,
): Promise<void> {
  const journal = newJournal();
  const done = new AbortController();
  const byRun = new Map(cases.map((item) => [item.runId, item]));
  const services = new Map<string, EmailProvider>();
  const send: EmailProvider["send"] = async (message, options) => {
    const key = options.idempotencyKey;
    // run:node, run:node:scope, run:undo:node, run:undo:node:scope
    const [runId = "", first = "", second = ""] = key.split(":");
    const node = first === "undo" ? `undo:${second}` : first;
    const service = services.get(key) ?? behaving(byRun.get(runId)?.flow.behaviours[node], node);
    services.set(key, service);
    if (random.chance(0.7)) await pause(random.below(8));
    options.signal?.throwIfAborted();
    return await service.send(message, options);
  };
  const client = new EngineClient(transport);
  for (const item of cases) await sendEarly(db, client, item);
  await Promise.all([
    work({ db, transport, random, faults, journal, done: done.signal, send }),
    serve(db, client, cases, done.signal),
    watch(db, seed, done),
    ...cases.flatMap((item) => [cancel(db, item), pauseAndResume(db, item)]),
  ]);
  await judge(db, cases, journal, `ENGINE_SEED=${seed}`, faults === NO_FAULTS);
}

/** Retries what did not complete. */
async function retry(db: TestDatabase, cases: Case[]): Promise<Case[]> {
  const again: Case[] = [];
  for (const item of cases) {
    // What was undone can not be taken over.
    if (item.status === "completed" || item.status.startsWith("compensat")) continue;
    const { user } = item.tenant;
    const [row] = await db.as(
      "authenticated",
      user.claims,
      (sql) => sql`select public.retry_run(${item.runId}) ->> 'id' as id`,
    );
    const takenOver = item.steps.filter(({ status, output, node_id }) =>
      (status === "completed" || (status === "failed" && output !== null)) &&
      item.flow.graph.nodes.some(({ id, type }) =>
        id === node_id && type !== "logic.stop" && type !== "logic.loop.break"
      )
    );
    again.push({
      ...item,
      runId: row?.id,
      cancelAfter: null,
      cancelled: false,
      pauses: null,
      takenOver: new Set(takenOver.map(nameOf)),
    });
  }
  return again;
}

async function drawCases(random: Random, seed: number, faults: Faults, only?: number): Promise<Case[]> {
  return await Promise.all(Array.from({ length: BATCH }, async (_, index) => {
    const ordinal = only ?? index;
    const { flow, expected } = await drawFlow(Math.imul(seed, 1000) + ordinal, faults !== NO_FAULTS);
    const compiled = compile(flow.graph, nodeCatalog);
    const problems = JSON.stringify(compiled.ok ? [] : compiled.problems);
    assert(compiled.ok, `ENGINE_SEED=${seed}/${ordinal} does not compile: ${problems}\n${JSON.stringify(flow)}`);
    return {
      name: `ENGINE_SEED=${seed}/${ordinal}`,
      flow,
      expected,
      runId: "",
      tenant: { organizationId: "" } as Tenant,
      ...drawDisturbance(random),
      cancelled: false,
      takenOver: null,
      status: "",
      steps: [],
    };
  }));
}

/** Draws a flow, again and again until only one thing can come of it. */
async function drawFlow(seed: number, losses: boolean): Promise<{ flow: RandomFlow; expected: Expected }> {
  for (let place = 0;; place++) {
    const flow = randomFlow(seed + Math.imul(place, 7_654_321), { losses });
    try {
      return { flow, expected: await interpret(flow) };
    } catch (error) {
      if (!(error instanceof Ambiguous)) throw new Error(`${error}\n${JSON.stringify(flow)}`, { cause: error });
      tally.redrawn = (tally.redrawn ?? 0) + 1;
    }
  }
}

/** Saves the flows of a tenant and starts them. */
async function start(db: TestDatabase, tenant: Tenant, cases: Case[]): Promise<void> {
  if (cases.length === 0) return;
  const places = Number(Deno.env.get("ENGINE_PLACES") ?? 6) || null;
  await db.sql`update public.plans set max_flows = 10000, max_concurrent_runs = ${places} where id = 'free'`;
  const flows = JSON.stringify(cases.map(({ flow }) => flow));
  const rows = await db.as("authenticated", tenant.user.claims, (sql) =>
    sql`
      with created as materialized (
        select f.place, f.value, (public.create_flow(${tenant.organizationId}, 'Random', f.value -> 'graph') ->> 'id')::uuid as id
        from jsonb_array_elements(${flows}::text::jsonb) with ordinality f (value, place)
      )
      select public.start_run(c.id, c.value -> 'input', c.value ->> 'triggerNode') ->> 'id' as id from created c order by c.place`);
  for (const [index, item] of cases.entries()) Object.assign(item, { tenant, runId: rows[index]?.id });
}

/** Says when all runs have ended. */
async function watch(db: TestDatabase, seed: number, done: AbortController): Promise<void> {
  const until = performance.now() + BATCH_MS;
  try {
    for (;;) {
      const [row] = await db.sql`select count(*)::int as left from public.runs where finished_at is null`;
      if (row?.left === 0) return;
      if (performance.now() >= until) {
        const tokens = await db
          .sql`select j.*, w.expires_at from public.job_queue j left join private.workers w on w.id = j.worker_id`;
        throw new Error(`ENGINE_SEED=${seed}: ${row?.left} runs do not end; ${JSON.stringify(tokens)}`);
      }
      await pause(10);
    }
  } finally {
    done.abort();
  }
}

async function judge(db: TestDatabase, cases: Case[], journal: Journal, batch: string, exact: boolean): Promise<void> {
  const ids = cases.map(({ runId }) => runId);
  const runs = await db.sql<RunRow[]>`select * from public.runs where id = any (${ids})`;
  const steps = await db.sql<(StepRow & { run_id: string; finished_at: Date })[]>`
    select * from public.run_steps where run_id = any (${ids}) order by attempt`;
  for (const item of cases) {
    const { name, flow, runId } = item;
    const run = runs.find(({ id }) => id === runId);
    assert(run !== undefined, `${name}: no run`);
    item.status = run.status;
    item.steps = steps.filter(({ run_id }) => run_id === runId);
    try {
      judgeRun({ ...item, run, exact });
      judgeCalls({ ...item, run, exact }, journal);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (Deno.env.has("ENGINE_SEED")) console.log(run, item.steps);
      throw new Error(`${name}${item.takenOver === null ? "" : ", retried"}: ${message}\n${JSON.stringify(flow)}`, {
        cause: error,
      });
    }
  }
  assertEquals(needlessCalls(journal), [], `${batch}: effects of recorded steps were repeated`);
  assertEquals(await leftovers(db), [], batch);
  const count = (name: string, by = 1) => tally[name] = (tally[name] ?? 0) + by;
  for (const { status } of runs) count(status);
  for (const { status, scope } of steps) {
    if (status !== "completed" && status !== "failed") count(status);
    if (scope !== "") count("inBodies");
  }
  count("runs", runs.length);
  count("steps", steps.length);
  count("faults", journal.faults);
  count("calls", journal.calls.length);
}
