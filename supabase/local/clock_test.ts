import { createClient } from "@supabase/supabase-js";
import { assert, assertEquals } from "../../tests/helpers/assert.ts";
import { startStack, type TestStack } from "../../tests/helpers/stack.ts";

const GRAPH = {
  nodes: [
    { id: "start", type: "trigger.manual", data: {} },
    { id: "end", type: "logic.stop", data: { config: { output: "{{ trigger.greeting }}" } } },
  ],
  edges: [{ id: "e", source: "start", target: "end" }],
};

for (const database of ["postgres", "pglite"] as const) {
  Deno.test(`cron and net drive the engine: a run that nobody works on is picked up (${database})`, async () => {
    const stack = await startStack({ database });
    try {
      const supabase = createClient(stack.url, stack.publishableKey, {
        auth: { persistSession: false, autoRefreshToken: false },
      });
      await supabase.auth.signUp({ email: "ada@example.com", password: "correct horse" });
      const created = await supabase.functions.invoke("flows", {
        body: { name: "Greet", graph: GRAPH, is_active: true },
      });
      assertEquals(created.error, null);
      // Straight through the Data API: no function is involved that could start working at once.
      const started = await supabase.rpc("start_run", { p_flow_id: created.data.id, p_input: { greeting: "hello" } });
      assertEquals(started.error, null);
      const run = await ended(stack, started.data.id);
      assertEquals([run.status, run.output], ["completed", "hello"]);

      const [wake] = await stack.executor.query<{ status_code: number }>(
        "select status_code from net._http_response order by id limit 1",
      );
      assertEquals(wake?.status_code, 202);
      await ticked(stack);
    } finally {
      await stack.stop();
    }
  });
}

async function ended(stack: TestStack, id: string): Promise<{ status: string; output: unknown }> {
  for (let tries = 0; tries < 400; tries++) {
    const [run] = await stack.executor.query<{ status: string; output: unknown; finished: boolean }>(
      "select status, output, finished_at is not null as finished from public.runs where id = $1::text::uuid",
      [id],
    );
    if (run?.finished) return run;
    await pause(50);
  }
  throw new Error(`The run did not end. The functions say:\n${stack.lines.join("\n")}`);
}

/** Waits for the first tick of the engine's clock, which comes within ten seconds. */
async function ticked(stack: TestStack): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const [run] = await stack.executor.query<{ status: string; return_message: string }>(
      `select status, return_message from cron.job_run_details d join cron.job j using (jobid)
       where j.jobname = 'millrace-tick' and d.end_time is not null limit 1`,
    );
    if (run) return assert(run.status === "succeeded", run.return_message);
    await pause(50);
  }
  throw new Error("The clock did not tick");
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
