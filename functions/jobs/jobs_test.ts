/**
 * Jobs over HTTP: what tenants see and do, and what operators do besides.
 *
 * @module
 */
import { type ApiCaller, type ApiUser, type TestApi, withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { claimedJobs } from "../../tests/sql/_jobs.ts";
import { router } from "./router.ts";

interface Job {
  id: string;
  organization_id: string;
  type: string;
  status: string;
  payload: unknown;
  result: unknown;
  error: { code: string } | null;
  replay_of: string | null;
  replayed_as: string | null;
}

interface Page {
  data: Job[];
  next_cursor: string | null;
}

const PLATFORM = "00000000-0000-0000-0000-000000000000";

/** Enqueues jobs of the user's organization; gives their ids. */
async function enqueue(api: TestApi, user: ApiUser | null, ...jobs: Record<string, unknown>[]): Promise<string[]> {
  const list = jobs.map((job) => ({ type: "system.noop", payload: {}, organization_id: user?.organizationId, ...job }));
  const [row] = await api.db.sql`select engine.enqueue_jobs(${JSON.stringify(list)}::text::jsonb) as reply`;
  return row?.["reply"].map(({ id }: { id: string }) => id);
}

/** Has a worker take all that is due, and end what `outcomes` names; gives the worker's id. */
async function work(api: TestApi, outcomes: Record<string, string> = {}): Promise<string> {
  const worker = crypto.randomUUID();
  const [row] = await api.db.sql`select engine.claim_jobs(${worker}, 100, p_listens => false) as claim`;
  const results = claimedJobs(row?.["claim"]).filter(({ job }) => job in outcomes).map(({ job, lease }) => ({
    job,
    lease,
    outcome: outcomes[job],
    ...outcomes[job] === "failed" && { error: { code: "mail_refused", message: "No" } },
    ...outcomes[job] === "completed" && { result: { sent: 1 } },
  }));
  await api.db.sql`select engine.finish_jobs(${worker}, ${JSON.stringify(results)}::text::jsonb)`;
  return worker;
}

async function ids(caller: ApiCaller, path: string): Promise<string[]> {
  const { status, body } = await caller.get<Page>(path);
  assertEquals(status, 200, JSON.stringify(body));
  return body.data.map(({ id }) => id);
}

Deno.test("GET /jobs lists jobs wherever they are, in pages and by filters; GET /jobs/:id gives one whole", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    // What is enqueued in the same millisecond is in no order.
    const [done = "", dead = "", held = ""] = (await enqueue(api, ada, {}, {}, {})).toSorted();
    await enqueue(api, bob, {});
    await work(api, { [done]: "completed", [dead]: "failed" });
    const [later = ""] = await enqueue(api, ada, { delay_seconds: 600 });
    assertEquals(await ids(ada, "/jobs"), [later, held, dead, done]);
    assertEquals(await ids(ada, "/jobs?sort=created_at&limit=2"), [done, dead]);
    const first = await ada.get<Page>("/jobs?limit=3");
    assertEquals(await ids(ada, `/jobs?limit=3&cursor=${first.body.next_cursor}`), [done]);
    expectProblem(await ada.get(`/jobs?limit=3&status=dead&cursor=${first.body.next_cursor}`), "invalid_cursor");
    expectProblem(await bob.get(`/jobs?limit=3&cursor=${first.body.next_cursor}`), "invalid_cursor");
    assertEquals(await ids(ada, "/jobs?status=running,delayed"), [later, held]);
    assertEquals(await ids(ada, "/jobs?type=runs.bulk"), []);
    assertEquals(await ids(ada, "/jobs?code=mail_refused"), [dead]);
    assertEquals(await ids(ada, "/jobs?created_after=2100-01-01T00:00:00Z"), []);
    assertEquals((await ids(ada, "/jobs?created_before=2100-01-01T00:00:00Z&steps=true")).length, 4);
    for (const query of ["status=lost", "type=A%20B", "created_after=yesterday", "steps=maybe", "status="]) {
      expectProblem(await ada.get(`/jobs?${query}`), "invalid_request");
    }
    const { body } = await ada.get<Job>(`/jobs/${done}`);
    assertEquals([body.status, body.payload, body.result], ["completed", {}, { sent: 1 }]);
    expectProblem(await bob.get(`/jobs/${done}`), "not_found");
  }));

Deno.test("POST /jobs/:id/cancel, /retry and /run change a job once, and say when they can not", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const [later = ""] = await enqueue(api, ada, { delay_seconds: 600 });
    assertEquals((await ada.post<Job>(`/jobs/${later}/run`)).body.status, "queued");
    const cancelled = await ada.post<Job>(`/jobs/${later}/cancel`);
    assertEquals([cancelled.status, cancelled.body.status], [200, "cancelled"]);
    assertEquals((await ada.post<Job>(`/jobs/${later}/cancel`)).status, 200);
    const again = await ada.post<Job>(`/jobs/${later}/retry`);
    assertEquals([again.status, again.body.replay_of], [201, later]);
    assertEquals(again.headers.get("location"), `http://project.test/functions/v1/jobs/${again.body.id}`);
    expectProblem(await ada.post(`/jobs/${later}/retry`), "conflict");
    expectProblem(await ada.post(`/jobs/${later}/run`), "conflict");
    await work(api);
    const asked = await ada.post<Job & { cancel_requested_at: string | null }>(`/jobs/${again.body.id}/cancel`);
    assertEquals([asked.body.status, asked.body.cancel_requested_at !== null], ["running", true]);
    const viewer = await api.createMember(ada.organizationId, "viewer");
    assertEquals((await viewer.get(`/jobs/${later}`)).status, 200);
    for (const action of ["cancel", "retry", "run"]) {
      expectProblem(await viewer.post(`/jobs/${again.body.id}/${action}`), "forbidden");
    }
    const stranger = await api.createUser();
    for (const action of ["cancel", "retry", "run"]) {
      expectProblem(await stranger.post(`/jobs/${again.body.id}/${action}`), "not_found");
    }
  }));

Deno.test("/jobs/dead-letters lists, replays and discards what was given up", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const dead = await enqueue(api, ada, {}, {}, {}, {});
    const [foreign = ""] = await enqueue(api, bob, {});
    await work(api, Object.fromEntries([...dead, foreign].map((id) => [id, "failed"])));
    assertEquals((await ids(ada, "/jobs/dead-letters")).toSorted(), dead.toSorted());
    assertEquals(await ids(ada, "/jobs/dead-letters?code=worker_lost"), []);
    const replay = (body: unknown) => ada.post("/jobs/dead-letters/replay", body);
    assertEquals((await replay({ dry_run: true })).body as unknown, {
      replayed: 0,
      refused: 0,
      left: 4,
      dry_run: true,
    });
    const two = await replay({ filter: { code: "mail_refused" }, limit: 2 });
    assertEquals(two.body as unknown, { replayed: 2, refused: 0, left: 2, dry_run: false });
    const [third = "", fourth = ""] = await ids(ada, "/jobs/dead-letters?sort=created_at");
    expectProblem(await bob.delete(`/jobs/dead-letters/${third}`), "not_found");
    assertEquals((await ada.delete(`/jobs/dead-letters/${third}`)).status, 204);
    expectProblem(await ada.delete(`/jobs/dead-letters/${third}`), "not_found");
    expectProblem(await ada.post("/jobs/dead-letters/discard", { filter: {} }), "invalid_request");
    const filter = { type: ["system.noop"] };
    const discarded = await ada.post("/jobs/dead-letters/discard", { filter });
    assertEquals(discarded.body as unknown, { discarded: 1, left: 0, dry_run: false });
    assert(!(await ids(ada, "/jobs")).includes(fourth));
    assertEquals(await ids(bob, "/jobs/dead-letters"), [foreign]);
    const wrong = [{ limit: 0 }, { limit: 1001 }, { filter: { status: ["dead"] } }, { filter: { type: "x" } }];
    for (const body of wrong) expectProblem(await replay(body), "invalid_request");
    const viewer = await api.createMember(ada.organizationId, "viewer");
    expectProblem(await viewer.post("/jobs/dead-letters/replay", {}), "forbidden");
  }));

Deno.test("GET /jobs/stats gives the numbers of the organization, and to operators those of all", () =>
  withApi([router], async (api) => {
    interface Stats {
      jobs: { queued: number; dead_letters: number };
      throughput: { completed: number; failure_rate: number };
      series: unknown[];
      workers?: { alive: number };
      organizations?: { deepest: { organization_id: string }[] };
    }
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const [done = "", dead = ""] = await enqueue(api, ada, {}, {});
    await work(api, { [done]: "completed", [dead]: "failed" });
    await enqueue(api, ada, {});
    await enqueue(api, bob, {}, {});
    await enqueue(api, null, {});
    const { body } = await ada.get<Stats>("/jobs/stats?minutes=5");
    assertEquals([body.jobs.queued, body.jobs.dead_letters, body.throughput.completed], [1, 1, 1]);
    assertEquals([body.throughput.failure_rate, body.series.length, body.workers], [0.5, 5, undefined]);
    expectProblem(await ada.get("/jobs/stats?minutes=0"), "invalid_request");
    const all = (await api.operator.get<Stats>("/jobs/stats")).body;
    assertEquals([all.jobs.queued, all.workers?.alive], [4, 1]);
    assertEquals(all.organizations?.deepest[0]?.organization_id, bob.organizationId);
    const one = await api.operator.get<Stats>("/jobs/stats", { "x-organization-id": bob.organizationId });
    assertEquals([one.body.jobs.queued, one.body.organizations], [2, undefined]);
  }));

Deno.test("operators see and change the jobs of all organizations and of the platform", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const [hers = ""] = await enqueue(api, ada, {});
    const [ours = ""] = await enqueue(api, null, {});
    assertEquals(await ids(api.operator, "/jobs"), [ours, hers]);
    const { body: page } = await api.operator.get<Page>("/jobs", { "x-organization-id": ada.organizationId });
    assertEquals(page.data.map(({ id }) => id), [hers]);
    assertEquals((await api.operator.get<Job>(`/jobs/${ours}`)).body.organization_id, PLATFORM);
    expectProblem(await ada.get(`/jobs/${ours}`), "not_found");
    await work(api, { [ours]: "failed" });
    assertEquals(await ids(api.operator, "/jobs/dead-letters"), [ours]);
    const again = await api.operator.post<Job>(`/jobs/${ours}/retry`);
    assertEquals((await api.operator.post<Job>(`/jobs/${again.body.id}/cancel`)).body.status, "cancelled");
    assertEquals((await api.operator.delete(`/jobs/dead-letters/${ours}`)).status, 204);
    expectProblem(await api.operator.get(`/jobs/${ours}`), "not_found");
    expectProblem(await api.operator.get("/jobs", { "x-organization-id": "nope" }), "invalid_request");
  }));

Deno.test("POST /jobs enqueues for operators only, and checks type and payload", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const job = { type: "system.noop", payload: {}, organization_id: ada.organizationId, unique_key: "once" };
    expectProblem(await ada.post("/jobs", { jobs: [job] }), "forbidden");
    interface Reply {
      jobs: { id: string; status: string }[];
    }
    const made = await api.operator.post<Reply>("/jobs", { jobs: [job, job, { type: "system.noop", payload: {} }] });
    assertEquals([made.status, made.body.jobs.map(({ status }) => status)], [201, ["enqueued", "kept", "enqueued"]]);
    assertEquals(made.body.jobs[0]!.id, made.body.jobs[1]!.id);
    assertEquals(await ids(ada, "/jobs"), [made.body.jobs[0]!.id]);
    const wrong = await api.operator.post("/jobs", {
      jobs: [{ type: "no.such" }, { type: "runs.bulk", payload: {} }],
    });
    expectProblem(wrong, "invalid_request");
    assertEquals(wrong.body.problems?.map(({ path }) => path), [
      "body.jobs[0].type",
      "body.jobs[1].payload.operation_id",
    ]);
    for (const body of [{ jobs: [] }, { jobs: [{}] }, { jobs: [{ ...job, priority: 1e9 }] }, {}]) {
      expectProblem(await api.operator.post("/jobs", body), "invalid_request");
    }
    assertEquals((await api.db.sql`select 1 from public.job_queue`).length, 2);
  }));
