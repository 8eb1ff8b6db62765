import { withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { OTHER_VALID_GRAPH, VALID_GRAPH } from "./_testing.ts";
import { router } from "./router.ts";
import type { Flow, ListedVersion } from "./schemas.ts";
import type { FlowStats, Stats } from "./stats_schemas.ts";

Deno.test("GET /flows/stats counts flows and runs, before and after the clock did", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Counted", graph: VALID_GRAPH });
    await ada.post<Flow>("/flows", { name: "Draft" });
    const none = await ada.get<Stats>("/flows/stats");
    assertEquals([none.status, none.body.total_flows, none.body.active_flows, none.body.executions], [200, 2, 1, 0]);
    assertEquals([none.body.success_rate, none.body.average_duration_ms, none.body.p95_duration_ms], [
      null,
      null,
      null,
    ]);
    for (const _ of [1, 2, 3]) await ada.post(`/flows/${made.body.id}/run`);
    await api.db.sql`select private.end_run(id, 'failed', null, '{"code": "x"}') from (
      select id from public.runs where finished_at is null limit 1) r`;
    for (const lag of [null, "-1 minute"]) {
      if (lag !== null) await api.db.sql`select private.count_runs(10000, ${lag})`;
      const { body } = await ada.get<Stats>("/flows/stats");
      assertEquals([body.executions, body.executions_today], [3, 3], String(lag));
      const one = await ada.get<FlowStats>(`/flows/${made.body.id}/stats?days=2`);
      assertEquals([one.status, one.body.executions, one.body.series.length], [200, 3, 2]);
      assertEquals(one.body.series.map(({ executions }) => executions), [0, 3]);
    }
    for (const query of ["days=0", "days=91", "days=x"]) {
      expectProblem(await ada.get(`/flows/${made.body.id}/stats?${query}`), "invalid_request");
    }
  }));

Deno.test("numbers are those of one's own organization, and not for guests", () =>
  withApi([router], async (api) => {
    const [ada, bob] = [await api.createUser(), await api.createUser()];
    const made = await ada.post<Flow>("/flows", { name: "Hers", graph: VALID_GRAPH });
    await ada.post(`/flows/${made.body.id}/run`);
    assertEquals((await bob.get<Stats>("/flows/stats")).body.executions, 0);
    expectProblem(await bob.get(`/flows/${made.body.id}/stats`), "not_found");
    const guest = await api.createMember(ada.organizationId, "guest");
    expectProblem(await guest.get("/flows/stats"), "forbidden");
    expectProblem(await guest.get(`/flows/${made.body.id}/stats`), "forbidden");
    const { body } = await guest.get<{ data: ListedVersion[] }>(`/flows/${made.body.id}/versions`);
    assertEquals(body.data.map(({ runs }) => runs), [null]);
  }));

Deno.test("GET /flows/:id/versions says how many runs used which version", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Used", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}`;
    for (const _ of [1, 2]) await ada.post(`${path}/run`);
    await ada.patch(path, { graph: OTHER_VALID_GRAPH });
    await ada.post(`${path}/run`);
    await ada.patch(path, { graph: VALID_GRAPH });
    const { body } = await ada.get<{ data: ListedVersion[] }>(`${path}/versions`);
    assertEquals(body.data.map(({ number, runs }) => [number, runs?.count]), [[3, 0], [2, 1], [1, 2]]);
    assertEquals(body.data[0]?.runs, { count: 0, first_at: null, last_at: null });
    assertEquals(body.data[1]?.runs?.first_at, body.data[1]?.runs?.last_at);
  }));
