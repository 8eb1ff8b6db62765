import { withApi } from "../../tests/helpers/api.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { startStripe } from "../../tests/helpers/stripe_server/mod.ts";
import { router } from "./router.ts";
import type { Budget } from "./budget_schemas.ts";
import type { Usage } from "./usage_schemas.ts";

Deno.test("each route of billing keeps the common contract", async (test) => {
  await using stripe = startStripe();
  await withServedApi([router], (api) => checkRoutes(test, api, router), { env: stripe.env });
});

Deno.test("usage is told by day, flow, node and model, and a budget by what is used of it", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const flow = crypto.randomUUID();
    const today = new Date().toISOString().slice(0, 10);
    await api.db.sql`
      insert into public.usage_details
        (organization_id, hour, flow_id, node_id, model, runs, steps, calls, input_tokens, output_tokens, cost_micros)
      values
        (${ada.organizationId}, ${`${today}T00:00:00Z`}, ${flow}, '', '', 3, 0, 0, 0, 0, 0),
        (${ada.organizationId}, ${`${today}T00:00:00Z`}, ${flow}, 'a', '', 0, 7, 0, 0, 0, 0),
        (${ada.organizationId}, ${`${today}T00:00:00Z`}, ${flow}, 'a', 'openai/gpt-5.1', 0, 0, 2, 1000, 100, 2000)`;
    const get = async (query: string) => (await ada.get<Usage>(`/billing/usage?${query}`)).body;
    const days = await get("");
    assertEquals([days.groups.length, days.groups.at(-1)?.day, days.left_out], [30, today, 0]);
    const zero = { other_units: 0, unpriced_calls: 0 };
    const totals = { runs: 3, steps: 7, calls: 2, input_tokens: 1000, output_tokens: 100, cost_micros: 2000, ...zero };
    assertEquals([days.totals, days.groups[0]?.runs], [totals, 0]);
    const by = async (group: string) => (await get(`group_by=${group}&from=${today}`)).groups;
    assertEquals((await by("flow")).map(({ flow_id, runs }) => [flow_id, runs]), [[flow, 3]]);
    assertEquals((await by("node")).map(({ node_id, steps, calls }) => [node_id, steps, calls]), [["a", 7, 2]]);
    assertEquals((await by("model")).map(({ model, calls }) => [model, calls]), [["openai/gpt-5.1", 2]]);
    assertEquals((await get(`flow_id=${crypto.randomUUID()}`)).totals.runs, 0);
    expectProblem(await ada.get(`/billing/usage?from=2020-01-01&to=2026-01-01`), "invalid_request");
    expectProblem(await ada.get(`/billing/usage?from=${today}&to=2020-01-01`), "invalid_request");

    const body = { name: "Models", meter: "cost", amount: 4_000 };
    const made = (await ada.post<Budget>("/billing/budgets", body)).body;
    assertEquals([made.used, made.reserved, made.on_limit, made.currency], [2_000, 0, "stop", "USD"]);
    const list = await ada.get<{ data: { id: string }[] }>("/billing/budgets?meter=cost");
    assertEquals(list.body.data.map(({ id }) => id), [made.id]);
  }));
