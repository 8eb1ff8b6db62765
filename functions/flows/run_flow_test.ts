import type { Run, RunDetails } from "../../shared/runs/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { VALID_GRAPH } from "./_testing.ts";
import { router } from "./router.ts";
import { EXAMPLE_GRAPH, type Flow } from "./schemas.ts";

Deno.test("POST /flows/:id/run starts a run once per key, and only of an active flow", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const made = await ada.post<Flow>("/flows", { name: "Run", graph: VALID_GRAPH });
    const path = `/flows/${made.body.id}/run`;
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const run = await ada.post<Run>(path, { input: { name: "Ada" } }, { "idempotency-key": "1", traceparent });
    assertEquals(run.status, 202);
    assertEquals(run.body.status, "queued");
    assert(run.headers.get("location")?.endsWith(`/functions/v1/runs/${run.body.id}`));
    const again = await ada.post<Run>(path, { input: { name: "Ada" } }, { "idempotency-key": "1" });
    assertEquals(again.body, run.body);
    const [row] = await api.db.sql`select input, traceparent, created_by from public.runs where id = ${run.body.id}`;
    assertEquals<unknown>({ ...row }, { input: { name: "Ada" }, traceparent, created_by: ada.id });

    assertEquals((await ada.post(path)).status, 202);
    for (const input of ["text", 1, null, [1], false]) assertEquals((await ada.post(path, { input })).status, 202);
    await ada.post(`/flows/${made.body.id}/deactivate`);
    expectProblem(await ada.post(path), "flow_inactive");
  }));

Deno.test("POST /flows/:id/run?wait=N answers 200 with the steps, as POST /runs does", () =>
  withServedApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: flow } = await ada.post<Flow>("/flows", { name: "Greet", graph: EXAMPLE_GRAPH });
    const path = `/flows/${flow.id}/run`;
    const done = await ada.post<RunDetails>(`${path}?wait=10`, { input: { name: "Bo" }, trigger_node: "start" });
    assertEquals([done.status, done.body.status, done.body.output], [200, "completed", { greeting: "Hello Bo" }]);
    assertEquals(done.body.steps.map(({ node_id, status }) => [node_id, status]), [["done", "completed"]]);
    assert(done.headers.get("location")?.endsWith(`/functions/v1/runs/${done.body.id}`));
    for (const wait of ["61", "-1", "soon"]) expectProblem(await ada.post(`${path}?wait=${wait}`), "invalid_request");
  }));

Deno.test("POST /flows/:id/run refuses a node that is no trigger of the flow, and says so", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { body: flow } = await ada.post<Flow>("/flows", { name: "Greet", graph: EXAMPLE_GRAPH });
    for (const node of ["done", "gone"]) {
      const refused = await ada.post(`/flows/${flow.id}/run`, { trigger_node: node });
      expectProblem(refused, "invalid_request");
      const problems = refused.body.problems?.map(({ path, code }) => [path, code]);
      assertEquals(problems, [["body.trigger_node", "unknown_trigger_node"]]);
    }
    const [count] = await api.db.sql`select count(*)::int as n from public.runs`;
    assertEquals(count?.n, 0);
  }));
