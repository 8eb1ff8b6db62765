/**
 * The function `schedules` on a real Postgres.
 *
 * @module
 */
import type { ApiUser, TestApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals, assertMatch } from "../../tests/helpers/assert.ts";
import { draw, saveFlow, set } from "../../tests/helpers/flows.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { router } from "./router.ts";

const GRAPH = draw({ t: ["trigger.manual"], a: set({ n: 1 }) }, "t>a");

interface ScheduleBody {
  id: string;
  flow_id: string;
  name: string;
  cron: string;
  timezone: string;
  is_active: boolean;
  next_at: string | null;
  fire_at: string | null;
  ends_at: string | null;
  last_run_id: string | null;
  version: number;
}
interface ListBody<T> {
  data: T[];
  next_cursor: string | null;
}
interface DueBody {
  data: { due_at: string; local_time: string; fire_at: string }[];
}
interface FiringBody {
  scheduled_for: string;
  outcome: string;
  reason: string | null;
  run_id: string | null;
  is_manual: boolean;
}

function withFlow(fn: (api: TestApi, ada: ApiUser, flowId: string) => Promise<void>): Promise<void> {
  return withServedApi([router], async (api) => {
    const ada = await api.createUser();
    await fn(api, ada, await saveFlow(api, ada, GRAPH));
  });
}

async function create(ada: ApiUser, flowId: string, rest: Record<string, unknown> = {}): Promise<ScheduleBody> {
  const body = { name: "Nightly", flow_id: flowId, cron: "30 2 * * *", timezone: "Europe/Berlin", ...rest };
  const { status, body: schedule } = await ada.post<ScheduleBody>("/schedules", body);
  assertEquals(status, 201, JSON.stringify(schedule));
  return schedule;
}

/** Turns the clock of schedules at a moment. */
async function fire(api: TestApi, now: string): Promise<void> {
  await api.db.sql.begin(async (sql) => {
    await sql`select set_config('millrace.now', ${now}, true)`;
    await sql`select private.fire_schedules(${now})`;
  });
}

Deno.test("schedules: every route keeps the common contract", async (context) => {
  await withServedApi([router], (api) => checkRoutes(context, api, router));
});

Deno.test("POST /schedules makes a schedule, once for an idempotency key", () =>
  withFlow(async (_api, ada, flowId) => {
    const body = { name: "Nightly", flow_id: flowId, cron: "30 2 * * *", timezone: "europe/berlin", input: { a: 1 } };
    const made = await ada.post<ScheduleBody>("/schedules", body, { "idempotency-key": "one" });
    assertEquals(made.status, 201);
    assertEquals([made.body.timezone, made.body.is_active, made.body.version], ["Europe/Berlin", true, 1]);
    assertEquals(made.headers.get("etag"), '"v1"');
    assert(made.headers.get("location")?.endsWith(`/schedules/${made.body.id}`));
    assert(Date.parse(made.body.next_at!) > Date.now());
    assertEquals(made.body.fire_at, made.body.next_at);
    const again = await ada.post<ScheduleBody>("/schedules", body, { "idempotency-key": "one" });
    assertEquals(again.body.id, made.body.id);
    expectProblem(
      await ada.post("/schedules", { ...body, name: "Other" }, { "idempotency-key": "one" }),
      "idempotency_mismatch",
    );
    const { body: read } = await ada.get<ScheduleBody>(`/schedules/${made.body.id}`);
    assertEquals(read, made.body);
  }));

Deno.test("POST /schedules says what is wrong with a timing, all at once", () =>
  withFlow(async (api, ada, flowId) => {
    const send = (rest: Record<string, unknown>) =>
      ada.post("/schedules", { name: "x", flow_id: flowId, cron: "0 9 * * *", ...rest });
    const paths = async (rest: Record<string, unknown>) => {
      const answer = await send(rest);
      expectProblem(answer, "invalid_request");
      return answer.body.problems?.map(({ path, code }) => `${path} ${code}`);
    };
    assertEquals(
      await paths({
        cron: "61 24 * * *",
        timezone: "Mars/Base",
        starts_at: "2030-02-01T00:00:00Z",
        ends_at: "2030-01-01T00:00:00Z",
      }),
      [
        "body.cron invalid_cron_minute",
        "body.cron invalid_cron_hour",
        "body.timezone unknown_timezone",
        "body.ends_at invalid_range",
      ],
    );
    assertEquals(await paths({ cron: "0 0 30 2 *" }), ["body.cron invalid_cron"]);
    assertEquals(await paths({ ends_at: "2020-01-01T00:00:00Z" }), ["body.ends_at never_due"]);
    assertEquals(await paths({ jitter_seconds: 3601, missed_policy: "never", overlap_policy: null }), [
      "body.jitter_seconds too_big",
      "body.missed_policy invalid_value",
      "body.overlap_policy invalid_value",
    ]);
    expectProblem(await send({ trigger_node: "nowhere" }), "invalid_request");
    expectProblem(await send({ input: "x".repeat(70_000) }), "payload_too_large");
    expectProblem(await send({ flow_id: crypto.randomUUID() }), "not_found");
    await api.db.sql`update public.plans set max_schedules = 1 where id = 'free'`;
    await create(ada, flowId);
    expectProblem(await send({}), "plan_limit_reached");
  }));

Deno.test("GET /schedules lists by pages, flow and state", () =>
  withFlow(async (api, ada, flowId) => {
    const other = await saveFlow(api, ada, GRAPH);
    for (const name of ["c", "a", "b"]) await create(ada, flowId, { name, is_active: name !== "b" });
    await create(ada, other, { name: "d" });
    const list = async (query: string) => (await ada.get<ListBody<ScheduleBody>>(`/schedules?${query}`)).body;
    const first = await list("sort=name&limit=2");
    const second = await list(`sort=name&limit=2&cursor=${first.next_cursor}`);
    assertEquals([...first.data, ...second.data].map(({ name }) => name), ["a", "b", "c", "d"]);
    assertEquals(second.next_cursor, null);
    assertEquals((await list(`flow_id=${other}`)).data.map(({ name }) => name), ["d"]);
    assertEquals((await list("is_active=false")).data.map(({ name }) => name), ["b"]);
    const stranger = await api.createUser();
    assertEquals((await stranger.get<ListBody<ScheduleBody>>("/schedules")).body.data, []);
  }));

Deno.test("PATCH /schedules/:id changes, switches off and on, and keeps to If-Match", () =>
  withFlow(async (_api, ada, flowId) => {
    const { id } = await create(ada, flowId, { ends_at: "2090-01-01T00:00:00Z" });
    const patch = (body: Record<string, unknown>, headers = {}) =>
      ada.patch<ScheduleBody>(`/schedules/${id}`, body, headers);
    const renamed = await patch({ name: "Other" }, { "if-match": '"v1"' });
    assertEquals([renamed.body.name, renamed.headers.get("etag")], ["Other", '"v2"']);
    const stale = await ada.patch(`/schedules/${id}`, { cron: "0 5 * * *" }, { "if-match": '"v1"' });
    expectProblem(stale, "version_mismatch");
    const moved = await patch({ cron: "0 5 * * *", timezone: "utc", ends_at: null });
    assertMatch(moved.body.next_at!, /T05:00:00/);
    assertEquals([moved.body.timezone, moved.body.ends_at], ["UTC", null]);
    const off = await patch({ is_active: false });
    assertEquals([off.body.is_active, off.body.next_at], [false, null]);
    const on = await patch({ is_active: true });
    assertEquals([on.body.is_active, on.body.next_at], [true, moved.body.next_at]);
    for (const body of [{ cron: "x" }, { timezone: "Nowhere/None" }, { ends_at: "2020-01-01T00:00:00Z" }, { id }]) {
      expectProblem(await ada.patch(`/schedules/${id}`, body), "invalid_request");
    }
    expectProblem(await ada.patch(`/schedules/${id}`, { flow_id: crypto.randomUUID() }), "not_found");
    assertEquals((await ada.delete(`/schedules/${id}`)).status, 204);
    expectProblem(await ada.get(`/schedules/${id}`), "not_found");
  }));

Deno.test("POST /schedules/preview shows the due times over a change of the clocks", () =>
  withFlow(async (_api, ada) => {
    const preview = async (after: string) =>
      (await ada.post<DueBody>("/schedules/preview", {
        cron: "30 2 * * *",
        timezone: "Europe/Berlin",
        after,
        count: 3,
      })).body.data.map(({ local_time }) => local_time);
    assertEquals(await preview("2026-03-27T12:00:00Z"), [
      "2026-03-28T02:30:00+01:00",
      "2026-03-29T03:00:00+02:00",
      "2026-03-30T02:30:00+02:00",
    ]);
    assertEquals(await preview("2026-10-23T12:00:00Z"), [
      "2026-10-24T02:30:00+02:00",
      "2026-10-25T02:30:00+02:00",
      "2026-10-26T02:30:00+01:00",
    ]);
    const nothing = await ada.post<DueBody>("/schedules/preview", {
      cron: "0 9 * * *",
      ends_at: "2020-01-01T00:00:00Z",
    });
    assertEquals([nothing.status, nothing.body.data], [200, []]);
    expectProblem(await ada.post("/schedules/preview", { cron: "0 9 * * *", count: 101 }), "invalid_request");
    expectProblem(await ada.post("/schedules/preview", { cron: "0 9 * * FUN" }), "invalid_request");
  }));

Deno.test("GET /schedules/:id/next agrees with what Postgres will do, jitter included", () =>
  withFlow(async (_api, ada, flowId) => {
    const schedule = await create(ada, flowId, { cron: "*/5 * * * *", jitter_seconds: 120 });
    const { body } = await ada.get<DueBody>(`/schedules/${schedule.id}/next?count=3`);
    assertEquals(body.data.length, 3);
    assertEquals(Date.parse(body.data[0]!.due_at), Date.parse(schedule.next_at!));
    assertEquals(Date.parse(body.data[0]!.fire_at), Date.parse(schedule.fire_at!));
    expectProblem(await ada.get(`/schedules/${schedule.id}/next?count=0`), "invalid_request");
  }));

Deno.test("POST /schedules/:id/trigger starts a run, and the history tells what the clock did", () =>
  withFlow(async (api, ada, flowId) => {
    const { id } = await create(ada, flowId, { cron: "0 * * * *", timezone: "UTC", overlap_policy: "skip" });
    const url = `/schedules/${id}/trigger`;
    const made = await ada.post<{ run_id: string }>(url, undefined, { "idempotency-key": "k" });
    assertEquals(made.status, 202);
    assert(made.headers.get("location")?.endsWith(`/runs/${made.body.run_id}`));
    const again = await ada.post<{ run_id: string }>(url, undefined, { "idempotency-key": "k" });
    assertEquals(again.body.run_id, made.body.run_id);
    assertEquals((await ada.get<ScheduleBody>(`/schedules/${id}`)).body.last_run_id, made.body.run_id);

    const [due, later] = (await ada.get<DueBody>(`/schedules/${id}/next`)).body.data;
    await fire(api, due!.fire_at);
    await api.db.sql`select private.end_run(${made.body.run_id}, 'completed')`;
    await fire(api, later!.fire_at);
    const list = async (query = "") => (await ada.get<ListBody<FiringBody>>(`/schedules/${id}/history${query}`)).body;
    const all = await list();
    assertEquals(all.data.map(({ outcome, is_manual }) => [outcome, is_manual]), [
      ["started", false],
      ["skipped_overlap", false],
      ["started", true],
    ]);
    const pages: FiringBody[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: ListBody<FiringBody> = await list(`?limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`);
      pages.push(...page.data);
      cursor = page.next_cursor;
    }
    assertEquals(pages, all.data);
    assertEquals((await list("?outcome=skipped_overlap")).data.length, 1);

    const member = await api.createMember(ada.organizationId, "member");
    assertEquals((await member.post(url)).status, 202);
    expectProblem(await member.patch(`/schedules/${id}`, { name: "x" }), "forbidden");
    const stranger = await api.createUser();
    for (const path of ["", "/history", "/next"]) {
      expectProblem(await stranger.get(`/schedules/${id}${path}`), "not_found");
    }
    await api.db.sql`update public.flows set is_active = false where id = ${flowId}`;
    expectProblem(await ada.post(url), "flow_inactive");
  }));
