import { assertEquals } from "../helpers/assert.ts";
import { type TestDatabase, withDatabase } from "../helpers/postgres.ts";
import type { Json } from "../../shared/graph/mod.ts";
import { addMember, assertFails, createTenant, parallel, rpc, smallGraph, type Tenant, unusedId } from "./_world.ts";

interface Flow {
  id: string;
  name: string;
  graph: Json;
  is_active: boolean;
  version_number: number;
}

function importFlows(db: TestDatabase, tenant: Tenant, flows: Json, args: Record<string, Json> = {}): Promise<Flow[]> {
  return rpc<Flow[]>(db, tenant.user, "import_flows", {
    p_organization_id: tenant.organizationId,
    p_flows: flows,
    ...args,
  });
}

Deno.test("import_flows() makes flows that name each other by their new ids, whatever their order", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const [a, b, stranger] = [unusedId(), unusedId(), unusedId()];
    const graph = (id: string) => ({ ...smallGraph(), refers: [id, `not ${id}`, stranger] });
    const flows = await importFlows(db, tenant, [
      { name: "A", source_id: a, graph: graph(b) },
      { name: "B", source_id: b, graph: graph(a), description: "Second" },
      { name: "C", graph: graph(a) },
    ]);
    assertEquals(flows.map(({ name, is_active, version_number }) => [name, is_active, version_number]), [
      ["A", false, 1],
      ["B", false, 1],
      ["C", false, 1],
    ]);
    const refers = flows.map((flow) => (flow.graph as { refers: Json }).refers);
    assertEquals(refers, [
      [flows[1]!.id, `not ${b}`, stranger],
      [flows[0]!.id, `not ${a}`, stranger],
      [flows[0]!.id, `not ${a}`, stranger],
    ]);
  }));

Deno.test("import_flows() refuses what is no list of flows, and makes none of a list that holds something else", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const flow = { name: "One", graph: smallGraph() };
    for (
      const flows of [
        [],
        {},
        Array(51).fill(flow),
        [flow, null],
        [flow, { ...flow, name: "" }],
        [flow, { ...flow, graph: [] }],
        [flow, { ...flow, source_id: "%" }],
        [flow, { ...flow, source_id: unusedId().toUpperCase() }],
        [flow, { ...flow, description: "x".repeat(4001) }],
      ] as Json[]
    ) {
      await assertFails(importFlows(db, tenant, flows), "invalid_request", 400);
    }
    await assertFails(importFlows(db, tenant, [flow], { p_workspace_id: unusedId() }), "not_found", 404);
    const large = { ...flow, graph: { nodes: [], edges: [], note: "x".repeat(1_048_577) } };
    await assertFails(importFlows(db, tenant, [flow, large]), "payload_too_large", 413);
    assertEquals((await db.sql`select from public.flows`).length, 0);
    const viewer = { ...tenant, user: await addMember(db, tenant.organizationId, "viewer") };
    await assertFails(importFlows(db, viewer, [flow]), "forbidden", 403);
    await assertFails(importFlows(db, await createTenantFor(db, tenant), [flow]), "not_found", 404);
  }));

Deno.test("import_flows() keeps the plan's number of flows when many import at once", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    await db.sql`update public.plans set max_flows = 5`;
    const flows = [1, 2].map((n) => ({ name: `Flow ${n}`, graph: smallGraph() }));
    const outcomes = await parallel(6, () => importFlows(db, tenant, flows).then(() => "made", () => "refused"));
    assertEquals(outcomes.filter((outcome) => outcome === "made").length, 2);
    assertEquals((await db.sql`select from public.flows`).length, 4);
  }));

/** Another user, who asks for the tenant's organization. */
async function createTenantFor(db: TestDatabase, { organizationId }: Tenant): Promise<Tenant> {
  return { ...await createTenant(db), organizationId };
}
