/**
 * The routes of system tasks on a real Postgres.
 *
 * @module
 */
import type { TestApi } from "../../tests/helpers/api.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { Task, TaskRun } from "./task_schemas.ts";

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

const configure = (api: TestApi) => api.db.sql`select engine.configure('http://127.0.0.1:1')`;

/** What the job millrace-task-starts of pg_cron does. */
const startWaiting = (api: TestApi) => api.db.sql`select engine.start_waiting_task()`;

async function findTask(api: TestApi, name: string): Promise<Task> {
  const { status, body } = await api.operator.get<Page<Task>>("/jobs/tasks");
  assertEquals(status, 200, JSON.stringify(body));
  const task = body.data.find((task) => task.name === name);
  assert(task !== undefined);
  return task;
}

Deno.test("system tasks are for operators: users and nobody are refused", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    for (
      const [method, path] of [["GET", ""], ["GET", "/leases/history"], ["POST", "/leases/run"], ["PATCH", "/leases"]]
    ) {
      const body = method === "PATCH" ? { is_enabled: false } : undefined;
      expectProblem(await ada.send(method!, `/jobs/tasks${path}`, body), "forbidden");
      expectProblem(await api.anonymous.send(method!, `/jobs/tasks${path}`, body), "unauthorized");
    }
    assertEquals((await findTask(api, "leases")).is_enabled, true);
  }));

Deno.test("GET /jobs/tasks tells when each is due next, and where it stands", () =>
  withApi([router], async (api) => {
    const before = await findTask(api, "rate-limits");
    assertEquals([before.is_scheduled, before.next_run_at, before.state, before.last_run], [false, null, "idle", null]);
    await configure(api);
    const { is_scheduled, next_run_at, cron } = await findTask(api, "rate-limits");
    assertEquals([is_scheduled, cron], [true, "*/15 * * * *"]);
    const wait = Date.parse(next_run_at!) - Date.now();
    assert(wait > 0 && wait <= 15 * 60_000);
    assertEquals(new Date(next_run_at!).getUTCMinutes() % 15, 0);
    const names = (await api.operator.get<Page<Task>>("/jobs/tasks")).body.data.map((task) => task.name);
    for (
      const name of [
        "usage-hourly",
        "digest-daily",
        "archive-weekly",
        "analytics-daily",
        "webhook-retries",
        "rate-limits",
        "partitions",
        "leases",
        "cron-history",
        "idempotency-keys",
        "job-counts",
        "retention",
      ]
    ) assert(names.includes(name), name);
  }));

Deno.test("POST /jobs/tasks/:name/run queues a run; the history tells what became of it", () =>
  withApi([router], async (api) => {
    const { status, body } = await api.operator.post<TaskRun>("/jobs/tasks/usage-hourly/run");
    assertEquals([status, body.status, body.trigger], [202, "queued", "manual"]);
    assertEquals((await findTask(api, "usage-hourly")).state, "queued");
    await startWaiting(api);
    const history = await api.operator.get<Page<TaskRun>>("/jobs/tasks/usage-hourly/history");
    assertEquals(history.body.data.map((run) => [run.id, run.status]), [[body.id, "completed"]]);
    const task = await findTask(api, "usage-hourly");
    assertEquals([task.state, task.last_run?.id, task.last_completed_at], [
      "idle",
      body.id,
      history.body.data[0]?.finished_at ?? null,
    ]);
    expectProblem(await api.operator.post("/jobs/tasks/no-such-task/run"), "not_found");
  }));

Deno.test("POST /jobs/tasks/:name/run is refused while the job of a run is under way", () =>
  withApi([router], async (api) => {
    await api.operator.post("/jobs/tasks/digest-daily/run");
    await startWaiting(api);
    const { state, last_run } = await findTask(api, "digest-daily");
    assertEquals([state, last_run?.status, last_run?.job_id === null], ["queued", "queued", false]);
    expectProblem(await api.operator.post("/jobs/tasks/digest-daily/run"), "conflict");
  }));

Deno.test("GET /jobs/tasks/:name/history comes in pages, each cursor good for its own task only", () =>
  withApi([router], async (api) => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const [row] = await api.db.sql`select engine.run_task('leases') ->> 'id' as id`;
      ids.unshift(row?.id);
    }
    const page = (query: string) => api.operator.get<Page<TaskRun>>(`/jobs/tasks/leases/history?limit=2${query}`);
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 3; pages++) {
      const { body } = await page(cursor);
      seen.push(...body.data.map((run) => run.id));
      if (body.next_cursor !== null) cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
      else assertEquals(pages, 2);
    }
    assertEquals(seen, ids);
    expectProblem(await api.operator.get(`/jobs/tasks/usage-hourly/history?limit=2${cursor}`), "invalid_cursor");
  }));

Deno.test("PATCH /jobs/tasks/:name changes when it runs, and refuses what is no time", () =>
  withApi([router], async (api) => {
    await configure(api);
    const patch = (body: unknown) => api.operator.send<Task>("PATCH", "/jobs/tasks/leases", body);
    const off = await patch({ is_enabled: false });
    assertEquals([off.status, off.body.state, off.body.next_run_at], [200, "disabled", null]);
    const moved = await patch({ is_enabled: true, cron: " 30  2 * * MON-FRI " });
    assertEquals([moved.body.cron, moved.body.default_cron, moved.body.is_scheduled], [
      "30 2 * * MON-FRI",
      "*/5 * * * *",
      true,
    ]);
    const [job] = await api.db.sql`select schedule from cron.job where jobname = 'millrace-leases'`;
    assertEquals(job?.schedule, "30 2 * * MON-FRI");
    assertEquals((await patch({ cron: null })).body.cron, "*/5 * * * *");
    for (
      const cron of ["* * * *", "61 * * * *", "0 0 31 2 *", "@daily      ", "0 9 L * *", "0 9 15W * *", "10 seconds"]
    ) {
      expectProblem(await patch({ cron }) as never, "invalid_request");
    }
    expectProblem(await patch({ timeout_seconds: 1 }) as never, "invalid_request");
    expectProblem(await api.operator.send("PATCH", "/jobs/tasks/nothing", { is_enabled: true }), "not_found");
  }));
