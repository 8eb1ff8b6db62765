import type { Json } from "../../shared/graph/mod.ts";
import { getTemplate, listTemplates } from "../../shared/templates/mod.ts";
import { assert, assertEquals } from "../helpers/assert.ts";
import { startEffectServer } from "../helpers/effect_server.ts";
import {
  connectEngine,
  createFlow,
  createTenant,
  drain,
  localProviders,
  readRun,
  startRun,
} from "../helpers/engine.ts";
import { withDatabase } from "../helpers/postgres.ts";

/** What each template gives when it is run dry with its own samples. */
const OUTPUTS: Record<string, Json> = {
  "simple-webhook": { id: "c_1", name: "Ada", email: "ada@example.com", received_at: "2026-11-20T12:00:00.000Z" },
  "conditional-processing": { order: "o_7", large: true },
  "data-loop": {
    lines: [{ name: "Tea", total: 9, position: 1 }, { name: "Cup", total: 12, position: 2 }],
    total: 21,
  },
  "stripe-payment-to-email": { email: "00000000-0000-4000-8000-000000000000" },
  "ai-text-generation": { text: "It remembers. It goes on. It ends.", tokens: 45 },
  "fan-out-fan-in": {
    all: 3,
    completed: 3,
    results: [{ id: 1, plan: "pro" }, { id: 2, plan: "pro" }, { id: 3, plan: "pro" }],
  },
  "saga-order": { charge: "ch_1", parcel: "par_1" },
};

/** The last step of those that give no output of their own. */
const LAST_STEPS: Record<string, string> = {
  "scheduled-task": "report",
  "typeform-lead-to-crm": "tell",
  "approval-request": "done",
  "error-alert": "now",
};

Deno.test("every template runs with its samples, and nothing outside happens", async (test) => {
  await withDatabase(async (db) => {
    const tenant = await createTenant(db);
    await db.sql`update public.plans set max_flows = 100`;
    const client = await connectEngine(db);
    try {
      for (const { id, graph, sample_input, sample_outputs } of listTemplates()) {
        await test.step(id, async () => {
          const flow = await createFlow(db, tenant, graph, id);
          const trigger = graph.nodes.find(({ type }) => type.startsWith("trigger."))?.id ?? "";
          const [started] = await db.as("authenticated", tenant.user.claims, (sql) =>
            sql`
              select public.start_run(${flow}, ${JSON.stringify(sample_input)}::text::jsonb, ${trigger},
                p_pins => ${JSON.stringify(sample_outputs)}::text::jsonb) as run`);
          await drain(client);
          const { run, steps } = await readRun(db, started?.run.id);
          assertEquals(
            [run.status, run.error],
            ["completed", null],
            JSON.stringify(steps.filter(({ error }) => error)),
          );
          if (id in OUTPUTS) assertEquals(run.output, OUTPUTS[id]!);
          else {
            const last = steps.find(({ node_id }) => node_id === LAST_STEPS[id]);
            assertEquals(last?.status, "completed", `${LAST_STEPS[id]} did not run`);
          }
          for (const step of steps) {
            const { dry_run } = (typeof step.output === "object" ? step.output : null) as { dry_run?: boolean } ?? {};
            assert(dry_run !== true, `${step.node_id} has no sample output`);
          }
        });
      }
    } finally {
      await client.close();
    }
  });
});

Deno.test("saga-order undoes what it did, the last first, when the parcel cannot be ordered", () =>
  withDatabase(async (db) => {
    const server = startEffectServer(({ path }) =>
      path === "/parcels"
        ? new Response(null, { status: 422 })
        : Response.json({ id: path === "/charges" ? "ch_1" : "res_1" })
    );
    const client = await connectEngine(db);
    try {
      const { graph, sample_input } = getTemplate("saga-order")!;
      const local = JSON.parse(JSON.stringify(graph).replaceAll("https://api.example.com", server.url));
      const tenant = await createTenant(db);
      const runId = await startRun(db, tenant, await createFlow(db, tenant, local), sample_input);
      await drain(client, { providers: localProviders(Number(new URL(server.url).port)) });
      assertEquals((await readRun(db, runId)).run.status, "compensated");
      assertEquals(server.effects.map(({ method, path }) => `${method} ${path}`), [
        "POST /reservations",
        "POST /charges",
        "POST /parcels",
        "POST /charges/ch_1/refund",
        "POST /reservations/res_1/release",
      ]);
    } finally {
      await client.close();
      await server.stop();
    }
  }));
