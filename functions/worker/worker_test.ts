/**
 * The function `worker` on a real Postgres.
 *
 * @module
 */
import { backgroundSettled } from "../../shared/http/mod.ts";
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { startEffectServer } from "../../tests/helpers/effect_server.ts";
import { draw, post, saveFlow, set } from "../../tests/helpers/flows.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { until } from "../../tests/helpers/until.ts";
import { router } from "./router.ts";

interface WakeBody {
  already_running: boolean;
}

const HELLO = draw({ t: ["trigger.manual"], a: set({ n: 1 }) }, "t>a");

/** Starts a run that nobody has been woken for; gives its id. */
async function startRun(api: TestApi, user: ApiUser, flowId: string): Promise<string> {
  const [row] = await api.db.as(
    "authenticated",
    { sub: user.id },
    (sql) => sql`select public.start_run(${flowId}, p_wake => false) as run`,
  );
  return row?.run.id;
}

async function statusOf(api: TestApi, runId: string): Promise<string> {
  const [row] = await api.db.sql`select status from public.runs where id = ${runId}`;
  return row?.status;
}

/** A ticket as `private.wake_workers` makes it. */
async function makeTicket(api: TestApi, age = "0 seconds"): Promise<string> {
  const [row] = await api.db.sql`
    insert into private.worker_wakes (created_at) values (now() - ${age}::interval) returning ticket`;
  return row?.ticket;
}

Deno.test("worker: every route keeps the common contract", async (context) => {
  await withServedApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("POST /worker/wake answers at once and drains the queue, one worker at a time", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, HELLO);
    const runs = await Promise.all([1, 2, 3].map(() => startRun(api, ada, flowId)));
    const first = await api.operator.post<WakeBody>("/worker/wake");
    assertEquals([first.status, first.body.already_running], [202, false]);
    const second = await api.operator.post<WakeBody>("/worker/wake");
    assertEquals([second.status, second.body.already_running], [202, true]);
    const late = await startRun(api, ada, flowId);
    await backgroundSettled();
    for (const id of [...runs, late]) assertEquals(await statusOf(api, id), "completed");
    const [left] = await api.db.sql`select count(*)::int as n from private.workers`;
    assertEquals(left?.n, 0);
    assertEquals((await api.operator.post<WakeBody>("/worker/wake")).body.already_running, false);
  }));

Deno.test("POST /worker/wake drains over a direct connection when the environment says so", async () => {
  // The address is known only once there is a database: the environment is read by the first wake.
  await withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const runId = await startRun(api, ada, await saveFlow(api, ada, HELLO));
    Object.assign(api.env, { workerTransport: "postgres", databaseUrl: api.db.url });
    assertEquals((await api.operator.post("/worker/wake")).status, 202);
    await until(async () => await statusOf(api, runId) === "completed");
    const [connections] = await api.db.sql`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and application_name = 'millrace'`;
    assert(connections?.n > 0);
    await backgroundSettled();
  });
});

Deno.test("POST /worker/wake does jobs beside runs", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const runId = await startRun(api, ada, await saveFlow(api, ada, HELLO));
    const jobs = JSON.stringify([{ type: "system.noop" }, { type: "no.such" }, { type: "system.noop" }]);
    await api.db.sql`select engine.enqueue_jobs(${jobs}::text::jsonb)`;
    assertEquals((await api.operator.post("/worker/wake")).status, 202);
    await backgroundSettled();
    assertEquals(await statusOf(api, runId), "completed");
    const counts = await api.db.sql`
      select type, sum(completed)::int as completed, sum(dead)::int as dead from private.job_counts group by type order by type`;
    assertEquals(counts.map((row) => ({ ...row })), [
      { type: "no.such", completed: 0, dead: 1 },
      { type: "system.noop", completed: 2, dead: 0 },
    ]);
    const [dead] = await api.db.sql`select status, error ->> 'code' as code from public.job_history`;
    assertEquals({ ...dead }, { status: "dead", code: "unknown_job_type" });
  }));

Deno.test("a wake ticket starts a worker once, within its minute, and can do nothing else", () =>
  withServedApi([router], async (api) => {
    const nobody = api.caller({});
    const wake = (ticket: string) => nobody.post("/worker/wake", undefined, { "x-millrace-wake": ticket });
    const ticket = await makeTicket(api);
    assertEquals((await wake(ticket)).status, 202);
    expectProblem(await wake(ticket), "unauthorized");
    expectProblem(await wake(await makeTicket(api, "61 seconds")), "unauthorized");
    for (const bad of ["", "x", crypto.randomUUID(), "' or true --", "0".repeat(5_000)]) {
      expectProblem(await wake(bad), "unauthorized");
    }
    expectProblem(await nobody.post("/worker/wake"), "unauthorized");

    const fresh = await makeTicket(api);
    expectProblem(await nobody.post("/worker/tick", undefined, { "x-millrace-wake": fresh }), "unauthorized");
    expectProblem(await nobody.post("/worker/tick", undefined, { apikey: fresh }), "unauthorized");
    expectProblem(await nobody.post("/worker/wake", undefined, { authorization: `Bearer ${fresh}` }), "unauthorized");
    // Straight to the Data API it is nothing at all.
    for (const headers of [{ apikey: fresh }, { authorization: `Bearer ${fresh}` }, { "x-millrace-wake": fresh }]) {
      const call = await api.fetch("http://project.test/rest/v1/rpc/redeem_wake", {
        method: "POST",
        headers: {
          ...headers as Record<string, string>,
          "content-type": "application/json",
          "content-profile": "engine",
        },
        body: JSON.stringify({ p_ticket: fresh }),
      });
      assert(call.status >= 400, await call.text());
    }
    const [row] = await api.db.sql`select redeemed_at from private.worker_wakes where ticket = ${fresh}`;
    assertEquals(row?.redeemed_at, null);
    await backgroundSettled();
  }));

Deno.test("POST /worker/tick turns the clock for operators", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const runId = await startRun(api, ada, await saveFlow(api, ada, HELLO));
    await api.db.sql`update public.job_queue set deadline_at = now() - interval '1 second' where run_id = ${runId}`;
    const { status, body } = await api.operator.post<Record<string, number>>("/worker/tick");
    assertEquals([status, body.runs_expired, body.workers_lost], [200, 1, 0]);
    assertEquals(await statusOf(api, runId), "failed");
    expectProblem(await ada.post("/worker/tick"), "forbidden");
    expectProblem(await api.operator.get("/worker/tick"), "method_not_allowed");
  }));

Deno.test("POST /worker/wake works out the due times of schedules that run low, false ones included", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const flowId = await saveFlow(api, ada, HELLO);
    const create = async (cron: string) => {
      const settings = JSON.stringify({ name: cron, cron, timezone: "UTC" });
      const [row] = await api.db.as(
        "authenticated",
        { sub: ada.id },
        (sql) =>
          sql`select public.create_schedule(${flowId}, ${settings}::text::jsonb, array[now() + interval '1 day']) as made`,
      );
      return row?.made.id as string;
    };
    const [minutely, unreadable] = [await create("* * * * *"), await create("not a cron")];
    await api.db.sql`update public.schedules set refill_at = now()`;
    await api.operator.post("/worker/wake");
    await backgroundSettled();
    // A minute that ends between creating and refilling has passed unseen, and is in the list besides the fifty to come.
    const rows = await api.db.sql`
      select id, least(cardinality(upcoming), 50) as n, next_at < now() + interval '2 minutes' as soon, refill_at > now() as later
      from public.schedules order by created_at, id`;
    assertEquals(rows.map((row) => ({ ...row })).toSorted((a, b) => b.n - a.n), [
      { id: minutely, n: 50, soon: true, later: true },
      { id: unreadable, n: 0, soon: null, later: null },
    ]);
  }));

// The last one: what it does to this process can not be undone.
Deno.test("a worker whose isolate is about to end gives its jobs back at once", async () => {
  const answer = Promise.withResolvers<Response>();
  const server = startEffectServer(() => answer.promise);
  try {
    await withServedApi([router], async (api) => {
      const ada = await api.createUser();
      const graph = draw({ t: ["trigger.manual"], a: post(server.url) }, "t>a");
      const runId = await startRun(api, ada, await saveFlow(api, ada, graph));
      await api.operator.post("/worker/wake");
      await until(() => server.effects.length === 1);
      globalThis.dispatchEvent(new Event("beforeunload"));
      await backgroundSettled();
      const [job] = await api.db.sql`select status, worker_id, resume from public.job_queue where run_id = ${runId}`;
      assertEquals({ ...job }, { status: "available", worker_id: null, resume: true });
      assertEquals(await statusOf(api, runId), "running");
    }, { env: { EGRESS_ALLOW: server.host } });
  } finally {
    answer.resolve(new Response());
    await server.stop();
  }
});
