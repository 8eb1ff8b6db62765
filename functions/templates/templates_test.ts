import { listTemplates } from "../../shared/templates/mod.ts";
import { withApi } from "../../tests/helpers/api.ts";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { checkRoutes, expectProblem } from "../../tests/helpers/route_suite.ts";
import { router } from "./router.ts";
import type { AppliedTemplate, Template, TemplateSummary } from "./schemas.ts";

interface List {
  data: TemplateSummary[];
  next_cursor: string | null;
}

Deno.test("every route of templates keeps the common contract", (t) =>
  withApi([router], async (api) => {
    await checkRoutes(t, api, router);
  }));

Deno.test("GET /templates pages through every template once, in each order, and filters", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const all = listTemplates().map(({ id }) => id).toSorted();
    for (const sort of ["name", "-name", "id", "-id"]) {
      const seen: TemplateSummary[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const { status, body }: { status: number; body: List } = await ada.get(
          `/templates?limit=4&sort=${sort}${cursor === "" ? "" : `&cursor=${cursor}`}`,
        );
        assertEquals(status, 200);
        seen.push(...body.data);
        cursor = body.next_cursor;
      }
      assertEquals(seen.map(({ id }) => id).toSorted(), all);
      const keys = seen.map((template) => sort.endsWith("name") ? template.name : template.id);
      assertEquals(keys, sort.startsWith("-") ? keys.toSorted().toReversed() : keys.toSorted(), sort);
    }
    const found = async (query: string) => (await ada.get<List>(`/templates?${query}`)).body.data.map(({ id }) => id);
    assertEquals(await found("category=payments"), ["stripe-payment-to-email"]);
    assertEquals(await found("tag=saga"), ["saga-order"]);
    assertEquals(await found("q=TYPEFORM"), ["typeform-lead-to-crm"]);
    assertEquals(await found("q=nothing%20like%20it"), []);
    expectProblem(await ada.get("/templates?category=none"), "invalid_request");
    const { body } = await ada.get<List>("/templates?limit=1");
    expectProblem(await ada.get(`/templates?limit=1&q=a&cursor=${body.next_cursor}`), "invalid_cursor");
  }));

Deno.test("GET /templates/:id gives the graph and what to fill in", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    const { status, body } = await ada.get<Template>("/templates/ai-text-generation");
    assertEquals([status, body.category, body.node_types.length], [200, "ai", 3]);
    assert(body.configure.some(({ setting }) => setting === "auth.token"));
    assertEquals(body.graph.nodes.length, 3);
    expectProblem(await ada.get("/templates/no-such-template"), "not_found");
  }));

Deno.test("POST /templates/:id/use makes a draft of each template, once per Idempotency-Key", () =>
  withApi([router], async (api) => {
    const ada = await api.createUser();
    await api.db.sql`update public.plans set max_flows = 100 where id = 'free'`;
    for (const template of listTemplates()) {
      const made = await ada.post<AppliedTemplate>(`/templates/${template.id}/use`);
      assertEquals([made.status, made.body.is_active, made.body.name], [201, false, template.name]);
      assertEquals(made.headers.get("location"), `http://project.test/functions/v1/flows/${made.body.flow_id}`);
      const [row] = await api.db.sql`
        select v.graph, f.description from public.flows f join public.flow_versions v on v.id = f.current_version_id
        where f.id = ${made.body.flow_id}`;
      assertEquals<unknown>(row?.graph, JSON.parse(JSON.stringify(template.graph)));
      assertEquals(row?.description, template.description);
    }
    const key = { "idempotency-key": "once" };
    const [one, two] = [
      await ada.post<AppliedTemplate>("/templates/data-loop/use", { name: "Mine" }, key),
      await ada.post<AppliedTemplate>("/templates/data-loop/use", { name: "Mine" }, key),
    ];
    assertEquals([one.body.name, one.body.flow_id], ["Mine", two.body.flow_id]);
    expectProblem(await ada.post("/templates/simple-webhook/use", { name: "Mine" }, key), "idempotency_mismatch");
    expectProblem(
      await ada.post("/templates/data-loop/use", { workspace_id: crypto.randomUUID() }),
      "not_found",
    );
    const viewer = await api.createMember(ada.organizationId, "viewer");
    expectProblem(await viewer.post("/templates/data-loop/use"), "forbidden");
    await api.db.sql`update public.plans set max_flows = 3 where id = 'free'`;
    expectProblem(await ada.post("/templates/data-loop/use"), "plan_limit_reached");
  }));
