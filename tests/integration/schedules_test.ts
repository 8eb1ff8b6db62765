import { assert, assertEquals } from "../helpers/assert.ts";
import { connectEngine, createFlow, createTenant, drain, readRun } from "../helpers/engine.ts";
import { draw, set } from "../helpers/flows.ts";
import { withDatabase } from "../helpers/postgres.ts";

Deno.test("a due schedule is started by the clock and run by a worker, from its own trigger", () =>
  withDatabase(async (db) => {
    const tenant = await createTenant(db);
    const graph = draw(
      {
        m: ["trigger.manual"],
        s: ["trigger.schedule"],
        byHand: set({ by: "hand" }),
        byClock: set({
          by: "{{ trigger.name }}",
          what: "{{ trigger.input.report }}",
          due: "{{ trigger.scheduled_for }}",
        }),
      },
      "m>byHand",
      "s>byClock",
    );
    const flow = await createFlow(db, tenant, graph);
    const settings = JSON.stringify({ name: "Nightly", cron: "* * * * *", input: { report: "daily" } });
    const [made] = await db.as(
      "authenticated",
      tenant.user.claims,
      (sql) =>
        sql`select public.create_schedule(
          ${flow}, ${settings}::text::jsonb, array[now() + interval '1 minute', now() + interval '2 minutes']
        ) as schedule`,
    );
    const id = made?.schedule.id;
    // A minute later.
    await db.sql`
      update public.schedules s set upcoming = u.list, next_at = u.list[1], fire_at = u.list[1]
      from (select array(select t - interval '61 seconds' from unnest(upcoming) t) as list from public.schedules) u`;
    const engine = await connectEngine(db);
    try {
      assertEquals((await engine.tick()).schedules_fired, 1);
      assertEquals((await engine.tick()).schedules_fired, 0);
      await drain(engine);
    } finally {
      await engine.close();
    }
    const [firing] = await db.sql`
      select outcome, run_id, scheduled_for from public.schedule_firings where schedule_id = ${id}`;
    assertEquals(firing?.outcome, "started");
    const { run, steps } = await readRun(db, firing?.run_id);
    assertEquals(run.status, "completed", JSON.stringify(run));
    const output = run.output as { by: string; what: string; due: string };
    assertEquals([output.by, output.what], ["Nightly", "daily"]);
    assertEquals(Math.floor(Date.parse(output.due) / 1000), Math.floor(firing?.scheduled_for.getTime() / 1000));
    assert(steps.every(({ node_id, status }) => node_id !== "byHand" || status === "skipped"));
  }));
