import { createFlow, createTenant } from "../../tests/helpers/engine.ts";
import { assertEquals } from "../../tests/helpers/assert.ts";
import { draw } from "../../tests/helpers/flows.ts";
import { withServedApi } from "../../tests/helpers/served_api.ts";
import { queuedJob, runnerOf, runToEnd } from "./_testing.ts";
import { runsBulk } from "./runs_bulk.ts";

const WAITS = draw({ t: ["trigger.manual"], w: ["logic.wait", { config: { mode: "approval" } }] }, "t>w");

Deno.test("a bulk operation is a job from the start, which does it without the clock", () =>
  withServedApi([], async ({ db, env }) => {
    const tenant = await createTenant(db);
    const flow = await createFlow(db, tenant, WAITS);
    const operation = await db.as("authenticated", tenant.user.claims, async (sql) => {
      for (let n = 0; n < 3; n++) await sql`select public.start_run(${flow})`;
      const filter = JSON.stringify({ flow_id: flow });
      const [row] = await sql`
        select public.create_bulk_operation(${tenant.organizationId}, 'cancel', ${filter}::text::jsonb) as made`;
      return row?.["made"];
    });
    assertEquals([operation.status, operation.total], ["queued", 3]);
    const [job, ...others] = await db.sql`
      select organization_id, payload from public.job_queue where type = 'runs.bulk'`;
    assertEquals([others.length, job?.["organization_id"], job?.["payload"]], [
      0,
      tenant.organizationId,
      { operation_id: operation.id },
    ]);
    const runner = runnerOf([runsBulk], { env });
    const run = (payload: Record<string, string>) =>
      runToEnd(runner, queuedJob("runs.bulk", { payload, organization_id: tenant.organizationId }));
    try {
      const first = await run(job?.["payload"]);
      // A slow machine needs more than one batch: how many were worked off by the last is its own affair.
      const { worked: _, ...result } = first?.result as Record<string, unknown>;
      assertEquals([first?.outcome, result], ["completed", { status: "completed", total: 3, done: 3, failed: 0 }]);
      // Again, and for one that is gone: nothing is left to be done.
      assertEquals((await run(job?.["payload"]))?.outcome, "completed");
      assertEquals((await run({ operation_id: crypto.randomUUID() }))?.outcome, "completed");
      assertEquals((await run({ operation_id: "none" }))?.error?.code, "invalid_payload");
    } finally {
      runner.close?.();
    }
    const [row] = await db.sql`
      select b.status, (select count(*)::int from public.runs r where r.status = 'cancelled') as cancelled
      from public.bulk_operations b`;
    assertEquals({ ...row }, { status: "completed", cancelled: 3 });
  }));
