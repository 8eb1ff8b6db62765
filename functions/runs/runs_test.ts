/**
 * The function `runs` on a real Postgres, the engine included.
 *
 * @module
 */
import { getEngine } from "../../shared/engine/mod.ts";
import type { TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { draw, post, saveFlow, set } from "../../tests/helpers/flows.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { HELLO, type Page, type RunBody, withEffects, withFlow } from "../../tests/helpers/runs_api.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { until } from "../../tests/helpers/until.ts";
import { router } from "./router.ts";

Deno.test("runs: every route keeps the common contract", async (context) => {
  await withServedApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("POST /runs answers 202 with the place of the run, which then runs by itself", () =>
  withFlow(router, async (_api, ada, flowId) => {
    const started = await ada.post<RunBody>("/runs", { flow_id: flowId, input: { name: "Ada" } });
    assertEquals(started.status, 202);
    assertEquals(started.body.status, "queued");
    assert(started.headers.get("location")?.endsWith(`/functions/v1/runs/${started.body.id}`));
    const run = await until(
      () => ada.get<RunBody>(`/runs/${started.body.id}`),
      ({ body }) => body.finished_at !== null,
    );
    assertEquals(run.body.status, "completed");
    assertEquals(run.body.input, { name: "Ada" });
    assertEquals(run.body.output, { text: "Hello Ada" });
    assertEquals(run.body.steps.map(({ id, status }) => [id, status]), [["a:1", "completed"]]);
    assertEquals([run.body.active, run.body.waiting_for, run.body.more_steps], [[], null, false]);
  }));

Deno.test("POST /runs?wait=N answers 200 with the result, or 202 while it is still going", () =>
  withEffects(
    router,
    () => new Promise((resolve) => setTimeout(() => resolve(Response.json({})), 1_500)),
    async (api, ada, server) => {
      const quick = await saveFlow(api, ada, HELLO);
      const done = await ada.post<RunBody>("/runs?wait=10", { flow_id: quick, input: { name: "Bo" } });
      assertEquals([done.status, done.body.status, done.body.output], [200, "completed", { text: "Hello Bo" }]);
      assertEquals(done.body.steps.length, 1);

      const slow = await saveFlow(api, ada, draw({ t: ["trigger.manual"], a: post(server.url) }, "t>a"));
      const going = await ada.post<RunBody>("/runs?wait=1", { flow_id: slow });
      assertEquals(going.status, 202);
      const now = await ada.get<RunBody>(`/runs/${going.body.id}`);
      assertEquals([now.body.status, now.body.waiting_for?.reason], ["running", "step"]);
      await until(() => ada.get<RunBody>(`/runs/${going.body.id}/status`), ({ body }) => body.status === "completed");
      expectProblem(await ada.post("/runs?wait=61", { flow_id: quick }), "invalid_request");
      expectProblem(await ada.post("/runs?wait=soon", { flow_id: quick }), "invalid_request");
    },
  ));

Deno.test("POST /runs with an idempotency key starts one run, however often it is sent", () =>
  withFlow(router, async (api, ada, flowId) => {
    const body = { flow_id: flowId, input: { name: "Ada" } };
    const send = () => ada.post<RunBody>("/runs", body, { "idempotency-key": "order-1" });
    const replies = await Promise.all([send(), send(), send(), send()]);
    assertEquals(replies.map(({ status }) => status), [202, 202, 202, 202]);
    assertEquals(new Set(replies.map(({ body }) => body.id)).size, 1);
    const [count] = await api.db.sql`select count(*)::int as n from public.runs`;
    assertEquals(count?.n, 1);
    const other = await ada.post("/runs", { flow_id: flowId }, { "idempotency-key": "order-1" });
    expectProblem(other, "idempotency_mismatch");
    expectProblem(await ada.post("/runs", body, { "idempotency-key": "two words" }), "invalid_request");
    const waited = await ada.post<RunBody>("/runs?wait=5", body, { "idempotency-key": "order-1" });
    assertEquals([waited.status, waited.body.id], [200, replies[0]?.body.id]);
  }));

Deno.test("POST /runs refuses flows that are off, deleted or not there, and inputs that are too large", () =>
  withFlow(router, async (api, ada, flowId) => {
    await api.db.sql`update public.flows set is_active = false where id = ${flowId}`;
    expectProblem(await ada.post("/runs", { flow_id: flowId }), "flow_inactive");
    await api.db.sql`update public.flows set deleted_at = now() where id = ${flowId}`;
    expectProblem(await ada.post("/runs", { flow_id: flowId }), "not_found");
    expectProblem(await ada.post("/runs", { flow_id: crypto.randomUUID() }), "not_found");
    expectProblem(await ada.post("/runs", { flow_id: "mine" }), "invalid_request");
    expectProblem(await ada.post("/runs", { flow_id: flowId, trigger_node: "x".repeat(65) }), "invalid_request");
    // Fits the body's limit, and grows past the input's when jsonb spells it out.
    const large = { flow_id: flowId, input: "x".repeat(1_048_576 - 80) };
    assert((await ada.post("/runs", large)).status < 500);
    const [count] = await api.db.sql`select count(*)::int as n from public.runs`;
    assertEquals(count?.n, 0);
  }));

Deno.test("GET /runs filters, and pages by cursor in both orders", () =>
  withFlow(router, async (api, ada, flowId) => {
    const other = await saveFlow(api, ada, HELLO, "Other");
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const { body } = await ada.post<RunBody>("/runs?wait=5", { flow_id: n === 4 ? other : flowId, input: { n } });
      ids.push(body.id);
    }
    const list = async (query: string) => (await ada.get<Page<RunBody>>(`/runs?${query}`)).body;
    const idsOf = ({ data }: Page<RunBody>) => data.map(({ id }) => id);
    assertEquals(idsOf(await list("")), ids.toReversed());
    assertEquals(idsOf(await list("sort=created_at")), ids);
    assert(!("input" in ((await list("limit=1")).data[0] ?? {})));

    const pages: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<RunBody> = await list(`limit=2${cursor && `&cursor=${cursor}`}`);
      pages.push(...idsOf(page));
      cursor = page.next_cursor;
    }
    assertEquals(pages, ids.toReversed());

    assertEquals(idsOf(await list(`flow_id=${other}`)), [ids[4]!]);
    assertEquals(idsOf(await list("status=failed,cancelled")), []);
    assertEquals(idsOf(await list("status=failed&status=completed")).length, 5);
    assertEquals(idsOf(await list("trigger=webhook")), []);
    const [third] = await api.db.sql`select created_at from public.runs where id = ${ids[2]!}`;
    const moment = new Date(third?.created_at).toISOString();
    assertEquals(idsOf(await list(`created_after=${moment}`)), ids.slice(2).toReversed());
    assertEquals(idsOf(await list(`created_before=${moment}`)), ids.slice(0, 2).toReversed());
    assertEquals(idsOf(await list("created_before=1960-01-01T00:00:00Z")), []);
    for (const bad of ["status=done", "flow_id=x", "created_after=yesterday", "trigger=cron", "retry_of=1"]) {
      expectProblem(await ada.get(`/runs?${bad}`), "invalid_request");
    }
    const first = await list("limit=2");
    expectProblem(await ada.get(`/runs?limit=2&status=failed&cursor=${first.next_cursor}`), "invalid_cursor");
    const bob = await api.createUser();
    expectProblem(await bob.get(`/runs?limit=2&cursor=${first.next_cursor}`), "invalid_cursor");

    const latest = await ada.get<RunBody>(`/runs/latest?flow_id=${flowId}`);
    assertEquals([latest.body.id, latest.body.steps.length], [ids[3]!, 1]);
    expectProblem(await ada.get("/runs/latest"), "invalid_request");
    expectProblem(await ada.get(`/runs/latest?flow_id=${crypto.randomUUID()}`), "not_found");
  }));

Deno.test("GET /runs/:id/steps pages through every attempt, and ends a page early when outputs are large", () =>
  withEffects(router, (effect, count) => {
    if (effect.path === "/flaky" && count < 3) return new Response("no", { status: 503 });
    return new Response("x".repeat(120_000), { headers: { "content-type": "text/plain" } });
  }, async (api, ada, server) => {
    const retry = { maxAttempts: 3, backoff: "fixed" as const, delaySeconds: 0 };
    const chain = Array.from({ length: 36 }, (_, n) => [`n${n}`, post(`${server.url}/n${n}`)] as const);
    const flowId = await saveFlow(
      api,
      ada,
      draw(
        { t: ["trigger.manual"], flaky: post(`${server.url}/flaky`, {}, { retry }), ...Object.fromEntries(chain) },
        "t>flaky",
        "flaky>n0",
        ...chain.slice(1).map(([id], n) => `n${n}>${id}`),
      ),
    );
    const started = await ada.post<RunBody>("/runs", { flow_id: flowId });
    // Each attempt is a job of its own: what is not run inline is left to a worker, here to the next claim.
    const run = await until(async () => {
      await drainOf(api);
      return (await ada.get<RunBody>(`/runs/${started.body.id}`)).body;
    }, ({ finished_at }) => finished_at !== null);
    assertEquals(run.status, "completed");
    assert(run.more_steps, "37 outputs of 120 kB do not come at once");
    const steps: string[] = [];
    let pages = 0;
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page<{ id: string; status: string }> =
        (await ada.get<Page<RunBody>>(`/runs/${run.id}/steps${cursor && `?cursor=${cursor}`}`)).body;
      steps.push(...page.data.map(({ id, status }) => `${id} ${status}`));
      cursor = page.next_cursor;
      pages++;
    }
    assertEquals(steps, [
      "flaky:1 retried",
      "flaky:2 retried",
      "flaky:3 completed",
      ...chain.map(([id]) => `${id}:1 completed`),
    ]);
    assert(pages > 1);
    const other = await ada.post<RunBody>("/runs?wait=5", { flow_id: await saveFlow(api, ada, HELLO) });
    const { next_cursor } = (await ada.get<Page<RunBody>>(`/runs/${run.id}/steps?limit=1`)).body;
    expectProblem(await ada.get(`/runs/${other.body.id}/steps?limit=1&cursor=${next_cursor}`), "invalid_cursor");
  }));

Deno.test("GET /runs/:id says what a run is waiting for", () =>
  withEffects(router, () => new Response("no", { status: 503 }), async (api, ada, server) => {
    const retry = { maxAttempts: 2, backoff: "fixed" as const, delaySeconds: 3600, jitter: false };
    const flowId = await saveFlow(
      api,
      ada,
      draw({ t: ["trigger.manual"], a: post(server.url, {}, { retry }) }, "t>a"),
    );
    const { body: { id } } = await ada.post<RunBody>("/runs", { flow_id: flowId });
    const { body: run } = await until(
      () => ada.get<RunBody>(`/runs/${id}`),
      ({ body }) => body.waiting_for?.reason === "retry",
    );
    assertEquals(run.status, "running");
    assertEquals(run.active.map(({ node_id, status, attempt }) => [node_id, status, attempt]), [["a", "scheduled", 2]]);
    assert(run.active[0]?.last_error);
    assertEquals(run.waiting_for?.node_ids, ["a"]);
    const minutes = (Date.parse(run.waiting_for?.until ?? "") - Date.now()) / 60_000;
    assert(minutes > 55 && minutes < 61);
    await api.db.sql`update public.job_queue set scheduled_for = now() where run_id = ${id}`;
    assertEquals((await ada.get<RunBody>(`/runs/${id}`)).body.waiting_for, {
      reason: "worker",
      node_ids: ["a"],
      until: null,
    });
  }));

Deno.test("POST /runs/:id/cancel ends a run under way, and what its step gives is not recorded", () =>
  withEffects(
    router,
    () => new Promise((resolve) => setTimeout(() => resolve(Response.json({})), 800)),
    async (api, ada, server) => {
      const flowId = await saveFlow(
        api,
        ada,
        draw({ t: ["trigger.manual"], a: post(server.url), b: set({}) }, "t>a", "a>b"),
      );
      const { body: { id } } = await ada.post<RunBody>("/runs", { flow_id: flowId });
      await until(() => server.effects.length === 1);
      expectProblem(await ada.delete(`/runs/${id}`), "run_not_finished");
      expectProblem(await ada.post(`/runs/${id}/retry`), "run_not_finished");
      const cancelled = await ada.post<RunBody>(`/runs/${id}/cancel`);
      assertEquals([cancelled.status, cancelled.body.status], [200, "cancelled"]);
      assertEquals((await ada.post<RunBody>(`/runs/${id}/cancel`)).body.finished_at, cancelled.body.finished_at);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const { body: run } = await ada.get<RunBody>(`/runs/${id}`);
      assertEquals([run.status, run.steps, run.active], ["cancelled", [], []]);
      assertEquals((await ada.delete(`/runs/${id}`)).status, 204);
      expectProblem(await ada.get(`/runs/${id}`), "not_found");
    },
  ));

Deno.test("POST /runs/:id/retry goes on where the run failed, once for an idempotency key", () =>
  withEffects(
    router,
    (effect, count) =>
      effect.path === "/b" && count === 1 ? new Response("no", { status: 400 }) : Response.json({ n: count }),
    async (api, ada, server) => {
      const flowId = await saveFlow(
        api,
        ada,
        draw({ t: ["trigger.manual"], a: post(`${server.url}/a`), b: post(`${server.url}/b`) }, "t>a", "a>b"),
      );
      const { body: failed } = await ada.post<RunBody>("/runs?wait=5", { flow_id: flowId });
      assertEquals([failed.status, failed.error?.code], ["failed", "http_error"]);
      expectProblem(await ada.post(`/runs/${failed.id}/cancel`), "run_finished");
      const retry = () => ada.post<RunBody>(`/runs/${failed.id}/retry`, undefined, { "idempotency-key": "again" });
      const [first, second] = await Promise.all([retry(), retry()]);
      assertEquals([first.status, first.body.retry_of, second.body.id], [202, failed.id, first.body.id]);
      assert(first.headers.get("location")?.endsWith(`/runs/${first.body.id}`));
      const { body: run } = await until(
        () => ada.get<RunBody>(`/runs/${first.body.id}`),
        ({ body }) => body.finished_at !== null,
      );
      assertEquals(run.status, "completed");
      assertEquals(server.effects.map(({ path }) => path), ["/a", "/b", "/b"]);
      expectProblem(await ada.post(`/runs/${run.id}/retry`), "run_finished");
      const { data } = (await ada.get<Page<RunBody>>(`/runs?retry_of=${failed.id}`)).body;
      assertEquals(data.map(({ id }) => id), [run.id]);
    },
  ));

Deno.test("tenant B sees nothing of A's runs: the same 404 as for a run that is not there", () =>
  withFlow(router, async (api, ada, flowId) => {
    const { body: run } = await ada.post<RunBody>("/runs?wait=5", { flow_id: flowId });
    const bob = await api.createUser();
    const routes: [string, string][] = [
      ["GET", ""],
      ["GET", "/status"],
      ["GET", "/steps"],
      ["GET", "/events"],
      ["POST", "/cancel"],
      ["POST", "/retry"],
      ["DELETE", ""],
    ];
    for (const [method, path] of routes) {
      const real = await bob.send(method, `/runs/${run.id}${path}`);
      const missing = await bob.send(method, `/runs/${crypto.randomUUID()}${path}`);
      expectProblem(real, "not_found");
      const { request_id: _1, ...a } = real.body;
      const { request_id: _2, ...b } = missing.body;
      assertEquals(a, b);
    }
    expectProblem(await bob.post("/runs", { flow_id: flowId }), "not_found");
    expectProblem(await bob.get(`/runs/latest?flow_id=${flowId}`), "not_found");
    assertEquals((await bob.get<Page<RunBody>>(`/runs?flow_id=${flowId}`)).body.data, []);
    const viewer = await api.createMember(ada.organizationId, "viewer");
    assertEquals((await viewer.get<RunBody>(`/runs/${run.id}`)).status, 200);
    for (const [method, path] of [["POST", "/cancel"], ["POST", "/retry"], ["DELETE", ""]] as const) {
      expectProblem(await viewer.send(method, `/runs/${run.id}${path}`), "forbidden");
    }
  }));

/** Runs what is due with a worker of its own, as the function `worker` would. */
async function drainOf(api: TestApi): Promise<void> {
  const { worker, close } = await getEngine(api.env).createWorker();
  await worker.drain({ idleMs: 0, pollMs: 10 });
  await close();
}
